import { once } from 'node:events';
import { Option, type Command } from 'commander';
import type { CliContext, GlobalOptions } from '../context';
import { listenOverrides, wholeNumber } from '../option-values';
import { readServiceConfig } from '../settings';
import { show } from '../show';

const port = wholeNumber(0, 65_535);

interface ServiceOptions extends GlobalOptions {
  readonly host?: string;
  readonly port?: number;
  readonly metricsPort?: number;
  readonly withWorker?: boolean;
}

/** `tinman serve` and `tinman worker`: long-running processes against a configured database and Temporal. */
export function addServiceCommands(program: Command, context: CliContext): void {
  program
    .command('serve')
    .description('serve the HTTP API')
    .option('--host <address>', 'address to listen on (default 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for a free one (default 8000)', port)
    .option('--metrics-port <port>', 'port of the metrics (default 9090)', port)
    .addOption(new Option('--with-worker', 'run a worker in the same process').hideHelp())
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ServiceOptions>();
      await runService(context, options, { api: true, worker: options.withWorker === true });
    });
  program
    .command('worker')
    .description('run research cycles')
    .option('--metrics-port <port>', 'port of the metrics (default 9090)', port)
    .action(async (_options: unknown, command: Command) => {
      await runService(context, command.optsWithGlobals<ServiceOptions>(), { api: false, worker: true });
    });
}

async function runService(
  context: CliContext,
  options: ServiceOptions,
  parts: { readonly api: boolean; readonly worker: boolean },
): Promise<void> {
  let hungUp = false;
  context.onHangUp(() => void (hungUp = true));
  const config = await readServiceConfig(context, options, listenOverrides(options));
  const { createLogger } = await import('../../observability/logger.js');
  const { startService } = await import('../../service.js');
  const log = createLogger({ level: config.log.level, pretty: context.stderr.isTTY === true });
  const { cwd, env } = context;
  const files = { cwd, env, configPath: options.config };
  const service = await startService({ config, ...parts, log, env, files });
  context.onHangUp(() => void service.reload());
  try {
    if (hungUp) await service.reload();
    const urls = { api_url: service.apiUrl ?? null, metrics_url: service.metricsUrl ?? null };
    context.notifyParent({ ready: urls });
    show(context, options, urls, () => {
      if (service.apiUrl !== undefined) context.stdout.write(`API      ${service.apiUrl}\n`);
      if (service.metricsUrl !== undefined) context.stdout.write(`Metrics  ${service.metricsUrl}/metrics\n`);
    });
    if (!context.signal.aborted) await once(context.signal, 'abort');
  } finally {
    await service.close();
  }
}
