import type { Command } from 'commander';
import { z } from 'zod';
import type { CliContext, GlobalOptions } from '../context';
import { apiClient } from '../settings';
import { show } from '../show';

const failure = z.looseObject({ state: z.string() });

/** `tinman failures resolve|reopen`, beside `list` and `show`. */
export function addFailureCommands(failures: Command, context: CliContext): void {
  const tell = async (id: string, self: Command, verb: string, body: object): Promise<void> => {
    const options = self.optsWithGlobals<GlobalOptions>();
    const path = `/failures/${encodeURIComponent(id)}/${verb}`;
    const told = await apiClient(context, options).call(path, failure, { method: 'POST', body });
    show(context, options, told, () => context.stdout.write(`Failure ${id} is ${told.state}.\n`));
  };
  failures
    .command('resolve')
    .argument('<id>', 'id of the failure')
    .description('say that a failure is resolved; found again, it is a regression')
    .requiredOption('--evidence <text>', 'what shows it: words, simulation:<id> or deployment:<id>')
    .action((id: string, _options: unknown, self: Command) => {
      const { evidence } = self.opts<{ readonly evidence: string }>();
      return tell(id, self, 'resolve', { evidence: evidenceOf(evidence) });
    });
  failures
    .command('reopen')
    .argument('<id>', 'id of the failure')
    .description('say that a resolved failure is not')
    .requiredOption('--reason <text>', 'why')
    .action((id: string, _options: unknown, self: Command) => {
      const { reason } = self.opts<{ readonly reason: string }>();
      return tell(id, self, 'reopen', { reason });
    });
}

function evidenceOf(text: string): unknown {
  const [, kind, id] = /^(simulation|deployment):(\S+)$/.exec(text) ?? [];
  if (kind === undefined) return text;
  return kind === 'simulation' ? { simulation_id: id } : { deployment_id: id };
}
