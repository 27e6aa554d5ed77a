import type { Command } from 'commander';
import { z } from 'zod';
import type { Resource } from '../../ports/records';
import type { CliContext, GlobalOptions } from '../context';
import { filter, wholeNumber } from '../option-values';
import { apiClient } from '../settings';
import { show } from '../show';
import { field, writeRecord, writeTable, type Column } from '../table';
import { addDeploymentCommands } from './deployments';
import { addFailureCommands } from './failures';

const record = z.looseObject({});
const page = z.looseObject({ items: z.array(record), next_cursor: z.string().nullable() });

const MAX_PAGE = 200;

/** Where a resource is served and the columns of its table. */
const LISTED: Readonly<Record<Resource, { readonly path: string; readonly columns: readonly Column[] }>> = {
  cycles: {
    path: '/research/cycles',
    columns: [
      field('id'),
      field('state'),
      field('phase'),
      field('target'),
      field('created_at'),
      field('focus'),
    ],
  },
  hypotheses: {
    path: '/hypotheses',
    columns: [field('id'), field('failure_type'), field('confidence'), field('expected_failure')],
  },
  experiments: {
    path: '/experiments',
    columns: [
      field('id'),
      field('failure_type'),
      field('state'),
      field('runs_requested', 'runs'),
      field('assessed_by', 'by'),
      field('title'),
    ],
  },
  failures: {
    path: '/failures',
    columns: [
      field('id'),
      field('severity'),
      field('failure_type'),
      field('novelty'),
      field('state'),
      field('assessed_by', 'by'),
      field('description'),
    ],
  },
  interventions: {
    path: '/interventions',
    columns: [
      field('id'),
      field('type'),
      field('risk_tier'),
      field('estimated_effectiveness', 'estimate'),
      field('name'),
    ],
  },
  simulations: {
    path: '/simulations',
    columns: [
      field('id'),
      field('state'),
      field('verdict'),
      field('pairs_requested', 'pairs'),
      field('reason'),
    ],
  },
  deployments: {
    path: '/deployments',
    columns: [
      field('id'),
      field('state'),
      field('channel'),
      field('target'),
      field('created_at'),
      field('name'),
    ],
  },
  tool_executions: {
    path: '/tools/executions',
    columns: [
      field('id'),
      field('status'),
      field('tool_name', 'tool'),
      field('requested_by'),
      field('created_at'),
      field('error'),
    ],
  },
  approvals: {
    path: '/approvals',
    columns: [
      field('id'),
      field('state'),
      field('severity'),
      field('action_type'),
      field('created_at'),
      field('action_description'),
    ],
  },
};

interface ListOptions extends GlobalOptions {
  readonly cycle?: string;
  readonly filter?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `tinman hypotheses|experiments|failures|interventions|simulations|deployments list|show`, and what else is done with them. */
export function addRecordCommands(program: Command, context: CliContext): void {
  const resources = [
    'hypotheses',
    'experiments',
    'failures',
    'interventions',
    'simulations',
    'deployments',
  ] as const;
  for (const resource of resources) {
    const command = program.command(resource).description(`list and show ${resource}`);
    addListCommand(command, context, resource);
    command
      .command('show')
      .argument('<id>', 'id of the record')
      .description('show one record with its details')
      .action(async (id: string, _options: unknown, self: Command) => {
        const options = self.optsWithGlobals<GlobalOptions>();
        const path = `${LISTED[resource].path}/${encodeURIComponent(id)}`;
        const found = await apiClient(context, options).call(path, record);
        show(context, options, found, () => writeRecord(context.stdout, found));
      });
    if (resource === 'failures') addFailureCommands(command, context);
    if (resource === 'interventions') addDeploymentCommands(command, context);
  }
}

/** Adds `list` with filters and pages; the filters that are named have an option of their own. */
export function addListCommand(
  parent: Command,
  context: CliContext,
  resource: Resource,
  filters: readonly string[] = [],
): void {
  const list = parent.command('list').description(`list ${resource.replaceAll('_', ' ')}, newest first`);
  if (resource !== 'cycles' && resource !== 'tool_executions')
    list.option('--cycle <id>', 'only those of one cycle');
  for (const name of filters) {
    list.option(
      `--${name.replaceAll('_', '-')} <value>`,
      `only those with this ${name.replaceAll('_', ' ')}`,
    );
  }
  list
    .option('--filter <name=value>', 'only records with this value; may be repeated', filter)
    .option('--limit <n>', 'records a page (default 50)', wholeNumber(1, MAX_PAGE))
    .option('--cursor <cursor>', 'the next page, as the one before names it')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>();
      const found = await apiClient(context, options).call(LISTED[resource].path, page, {
        query: {
          ...options.filter,
          ...namedFilters(command, filters),
          cycle_id: options.cycle,
          limit: options.limit,
          cursor: options.cursor,
        },
      });
      show(context, options, found, () => writeRows(context, resource, found.items));
      if (options.json !== true && found.next_cursor !== null) {
        context.stderr.write(`More with --cursor ${found.next_cursor}\n`);
      }
    });
}

function namedFilters(command: Command, filters: readonly string[]): Record<string, string | undefined> {
  const valueOf = (name: string): string | undefined => {
    const value: unknown = command.getOptionValue(
      name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    );
    return typeof value === 'string' ? value : undefined;
  };
  return Object.fromEntries(filters.map((name) => [name, valueOf(name)]));
}

/** The table of a resource, or that there is nothing. */
export function writeRows(
  { stdout }: CliContext,
  resource: Resource,
  rows: readonly Readonly<Record<string, unknown>>[],
): void {
  if (rows.length === 0) stdout.write(`No ${resource}.\n`);
  else writeTable(stdout, LISTED[resource].columns, rows);
}
