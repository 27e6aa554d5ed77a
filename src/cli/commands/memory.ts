import { Option, type Command } from 'commander';
import { z } from 'zod';
import { EDGE_KINDS, NODE_KINDS } from '../../domain/memory';
import { FAILURE_TYPES } from '../../domain/taxonomy';
import type { CliContext, GlobalOptions } from '../context';
import { wholeNumber } from '../option-values';
import { apiClient } from '../settings';
import { show } from '../show';
import { field, writeTable } from '../table';
import { oneLine } from '../terminal-text';

const MAX_PAGE = 200;
const MAX_DEPTH = 3;
const node = z.looseObject({ id: z.string(), kind: z.string(), label: z.string() });
const page = z.looseObject({ items: z.array(node), next_cursor: z.string().nullable() });
const around = z.looseObject({
  nodes: z.array(node),
  edges: z.array(z.looseObject({})),
  truncated: z.boolean(),
});
const rate = z.looseObject({ count: z.number(), n: z.number() });
const finding = z.looseObject({
  id: z.string(),
  created_at: z.string(),
  severity: z.string(),
  state: z.string(),
  novelty: z.string(),
  rate,
});
const evolution = z.looseObject({
  trigger: z.string(),
  failure_type: z.string(),
  findings: z.array(finding),
});
const lineage = z.looseObject({
  failure: finding.extend({ trigger: z.string(), failure_type: z.string() }),
  hypothesis: z.looseObject({ expected_failure: z.string() }),
  experiment: z.looseObject({ title: z.string() }),
  failed_runs: z.array(z.unknown()),
  interventions: z.array(
    z.looseObject({
      name: z.string(),
      simulations: z.array(z.looseObject({ state: z.string(), verdict: z.string().nullable() })),
      deployments: z.array(z.looseObject({ channel: z.string(), state: z.string() })),
    }),
  ),
});
const believed = z.looseObject({ target: z.string(), beliefs: z.array(z.looseObject({})) });

interface Options extends GlobalOptions {
  readonly kind?: string;
  readonly type?: string;
  readonly target?: string;
  readonly asOf?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly depth?: number;
  readonly relation?: string;
}

/** `tinman memory search|show|neighbours|lineage|evolution|beliefs`. */
export function addMemoryCommands(program: Command, context: CliContext): void {
  const memory = program.command('memory').description('ask what is remembered over all cycles');
  addSearch(memory, context);
  addNodes(memory, context);
  addFailureHistory(memory, context);
  addBeliefs(memory, context);
}

function command(memory: Command, name: string, description: string): Command {
  return memory.command(name).description(description).option('--as-of <time>', 'as it was known then');
}

interface Reading<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly query?: (options: Options) => Query;
  /** What a terminal shows of it. */
  readonly print: (found: T) => void;
}

async function read<T>(
  context: CliContext,
  self: Command,
  { path, schema, query, print }: Reading<T>,
): Promise<void> {
  const options = self.optsWithGlobals<Options>();
  const found = await apiClient(context, options).call(path, schema, {
    query: { as_of: options.asOf, ...query?.(options) },
  });
  show(context, options, found, () => print(found));
}

function table(context: CliContext, fields: readonly string[], rows: readonly object[]): void {
  writeTable(
    context.stdout,
    fields.map((name) => field(name)),
    rows.map((row) => ({ ...row })),
  );
}

function addSearch(memory: Command, context: CliContext): void {
  command(memory, 'search', 'find hypotheses, experiments, failures and interventions by words')
    .argument('[words...]', 'words, which need not be spelt alike')
    .addOption(new Option('--kind <kind>', 'nodes of this kind').choices(NODE_KINDS))
    .addOption(new Option('--type <type>', 'about this type of failure').choices(FAILURE_TYPES))
    .option('--target <name>', 'on this target')
    .option('--limit <n>', 'how many', wholeNumber(1, MAX_PAGE))
    .option('--cursor <cursor>', 'where the last page ended')
    .action((words: readonly string[], _options: unknown, self: Command) =>
      read(context, self, {
        path: '/memory/search',
        schema: page,
        query: ({ kind, type, target, limit, cursor }) => ({
          ...{ kind, type, target, limit, cursor },
          q: words.length === 0 ? undefined : words.join(' '),
        }),
        print: ({ items, next_cursor: cursor }) => {
          table(context, ['id', 'kind', 'similarity', 'valid_from', 'label'], items);
          if (cursor !== null) context.stdout.write(`More: --cursor ${cursor}\n`);
        },
      }),
    );
}

function addNodes(memory: Command, context: CliContext): void {
  command(memory, 'show', 'show one node')
    .argument('<id>', 'id of the node')
    .action((id: string, _options: unknown, self: Command) =>
      read(context, self, {
        path: `/memory/nodes/${encodeURIComponent(id)}`,
        schema: node,
        print: (found) => context.stdout.write(`${JSON.stringify(found, null, 2)}\n`),
      }),
    );
  command(memory, 'neighbours', 'show what is tied to a node')
    .argument('<id>', 'id of the node')
    .option('--depth <n>', 'steps from the node', wholeNumber(1, MAX_DEPTH))
    .addOption(new Option('--relation <kind>', 'by edges of this kind').choices(EDGE_KINDS))
    .action((id: string, _options: unknown, self: Command) =>
      read(context, self, {
        path: `/memory/nodes/${encodeURIComponent(id)}/neighbours`,
        schema: around,
        query: ({ depth, relation }) => ({ depth, relation }),
        print: ({ nodes, edges, truncated }) => {
          table(context, ['distance', 'id', 'kind', 'label'], nodes);
          table(context, ['kind', 'from_id', 'to_id'], edges);
          if (truncated) context.stdout.write('There is more than is shown.\n');
        },
      }),
    );
}

function addFailureHistory(memory: Command, context: CliContext): void {
  command(memory, 'lineage', 'show where a failure comes from and what was done about it')
    .argument('<failure-id>', 'id of the failure')
    .action((id: string, _options: unknown, self: Command) =>
      read(context, self, {
        path: `/memory/failures/${encodeURIComponent(id)}/lineage`,
        schema: lineage,
        print: (found) => context.stdout.write(`${lineageLines(found).join('\n')}\n`),
      }),
    );
  command(memory, 'evolution', 'show how a failure went over all cycles')
    .argument('<failure-id>', 'id of the failure')
    .action((id: string, _options: unknown, self: Command) =>
      read(context, self, {
        path: `/memory/failures/${encodeURIComponent(id)}/evolution`,
        schema: evolution,
        print: ({ failure_type: type, trigger, findings }) => {
          context.stdout.write(`${type}: ${oneLine(trigger)}\n`);
          const rows = findings.map((one) => ({ ...one, failed: `${one.rate.count}/${one.rate.n}` }));
          table(context, ['created_at', 'id', 'failed', 'severity', 'novelty', 'state'], rows);
        },
      }),
    );
}

function addBeliefs(memory: Command, context: CliContext): void {
  command(memory, 'beliefs', 'show what is believed of the failure rates of a target')
    .option('--target <name>', 'of this target, else of the default target')
    .action((_options: unknown, self: Command) =>
      read(context, self, {
        path: '/memory/beliefs',
        schema: believed,
        query: ({ target }) => ({ target }),
        print: ({ target, beliefs }) => {
          context.stdout.write(`Target ${target}\n`);
          table(context, BELIEF_FIELDS, beliefs);
        },
      }),
    );
}

const BELIEF_FIELDS = [
  ...['failure_type', 'rate', 'low', 'high'],
  ...['failed_runs', 'assessed_runs', 'last_seen_days_ago'],
];

type Query = Readonly<Record<string, string | number | undefined>>;

/** From the hypothesis down, a step further in each line. */
function lineageLines({
  failure,
  hypothesis,
  experiment,
  failed_runs: runs,
  interventions,
}: z.infer<typeof lineage>) {
  return [
    `hypothesis: ${oneLine(hypothesis.expected_failure)}`,
    `  experiment: ${oneLine(experiment.title)}`,
    `    ${runs.length} failed runs`,
    `      failure ${failure.failure_type} ${failure.severity} (${failure.state}, ${failure.rate.count} of ${failure.rate.n}): ${oneLine(failure.trigger)}`,
    ...interventions.flatMap(({ name, simulations, deployments }) => [
      `        intervention: ${oneLine(name)}`,
      ...simulations.map(({ state, verdict }) => `          replay: ${verdict ?? state}`),
      ...deployments.map(({ channel, state }) => `          deployment to ${channel}: ${state}`),
    ]),
  ];
}
