import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import { isDemoFault, plantedFault, type FaultChoice } from '../../targets/demo/faults';
import type { CliContext, GlobalOptions } from '../context';
import { wholeNumber } from '../option-values';
import { show } from '../show';

interface DemoTargetOptions extends GlobalOptions {
  readonly host: string;
  readonly port: number;
  readonly faults?: FaultChoice;
}

/** `tinman demo-target`: the built-in application as an OpenAI-compatible endpoint. */
export function addDemoTargetCommand(program: Command, context: CliContext): void {
  program
    .command('demo-target')
    .description('serve the built-in application with planted faults as an OpenAI-compatible endpoint')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for a free one', wholeNumber(0, 65_535), 8_100)
    .option(
      '--faults <list>',
      'planted faults that are active, with commas, each with =SHARE where wanted, or none',
      faultChoice,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DemoTargetOptions>();
      const { serveDemoTarget } = await import('../../targets/demo/server.js');
      const { host, port, faults } = options;
      const server = await serveDemoTarget({ host, port, ...(faults === undefined ? {} : { faults }) });
      try {
        const baseUrl = `${server.url}/v1`;
        show(context, options, { base_url: baseUrl }, () => {
          context.stdout.write(`Demo target at ${baseUrl} (any model name)\n`);
        });
        if (!context.signal.aborted) await once(context.signal, 'abort');
      } finally {
        await server.close();
      }
    });
}

const FAULT = /^([a-z_]+)(?:=(\d+(?:\.\d+)?))?$/;

/** A list such as `a,b=0.5`; a fault without a share has its documented one. */
function faultChoice(text: string): FaultChoice {
  if (text === 'none') return [];
  return Object.fromEntries(text.split(',').map(faultShare));
}

function faultShare(text: string): readonly [string, number] {
  const [, name, written] = FAULT.exec(text.trim()) ?? [];
  if (name === undefined || Number(written ?? 0) > 1) {
    throw new InvalidArgumentError(
      'Expected names with commas between, each with =SHARE (0 to 1) or not; or none.',
    );
  }
  if (!isDemoFault(name)) throw new InvalidArgumentError(`Unknown fault ${name}.`);
  return [name, written === undefined ? plantedFault(name).probability : Number(written)];
}
