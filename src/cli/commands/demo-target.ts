import { once } from 'node:events';
import { InvalidArgumentError, type Command } from 'commander';
import type { CliContext, GlobalOptions } from '../context';
import { wholeNumber } from '../option-values';
import { show } from '../show';

interface DemoTargetOptions extends GlobalOptions {
  readonly host: string;
  readonly port: number;
  readonly faults?: readonly string[];
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
      'planted faults that are active, with commas, or none; all when left out',
      faultList,
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

function faultList(text: string): readonly string[] {
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Expected names with commas between, or none.');
  return names;
}
