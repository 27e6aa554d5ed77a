import { once } from 'node:events';
import type { Command } from 'commander';
import type { Config } from '../../config';
import { ApiClient } from '../api-client';
import type { CliContext, GlobalOptions } from '../context';
import { writeCycleSummary } from '../cycle-summary';
import { followCycle, type CycleDetail } from '../cycle-view';
import { demoCycle } from '../dev/demo-cycle';
import { startStack, type Stack } from '../dev/stack';
import { CliError, EXIT } from '../exit';
import { listenOverrides, wholeNumber } from '../option-values';
import { apiKeyOf, readServiceConfig } from '../settings';
import { show } from '../show';

const port = wholeNumber(0, 65_535);

interface DevOptions extends GlobalOptions {
  readonly host?: string;
  readonly port?: number;
  readonly metricsPort?: number;
  readonly cycle?: boolean;
  readonly exit?: boolean;
}

/** `tinman dev`: the whole system on this machine. */
export function addDevCommand(program: Command, context: CliContext): void {
  program
    .command('dev')
    .description(
      'run everything on this machine: PostgreSQL and Temporal where none is configured, worker and API',
    )
    .option('--host <address>', 'address of the API (default 127.0.0.1)')
    .option('--port <port>', 'port of the API, 0 for a free one (default 8000)', port)
    .option('--metrics-port <port>', 'port of the metrics (default 9090)', port)
    .option('--cycle', 'run a research cycle on the demo target also when there has been one')
    .option('--exit', 'run a cycle on the demo target and end: exit code 0 when it ended well')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DevOptions>();
      const config = await readServiceConfig(context, options, listenOverrides(options));
      refuseForeignDatabase(config, options);
      // The progress of the cycle may stand there.
      const clearLine = context.stderr.isTTY === true ? '\r\u001b[2K' : '';
      const stack = await startStack({
        config,
        configPath: options.config,
        env: context.env,
        cwd: context.cwd,
        mainScript: context.mainScript,
        log: (line) => void context.stderr.write(`${clearLine}${line}\n`),
        signal: context.signal,
      });
      try {
        await Promise.race([present(context, options, config, stack), givenUp(stack)]);
      } finally {
        context.stderr.write('Stopping …\n');
        await stack.stop();
      }
    });
}

function refuseForeignDatabase(config: Config, { cycle, exit }: DevOptions): void {
  if (config.databaseUrl === undefined || (cycle !== true && exit !== true)) return;
  throw new CliError(
    EXIT.usage,
    'The demo cycle never runs on an external database: unset TINMAN_DATABASE_URL, or use `tinman cycle start`.',
  );
}

async function givenUp(stack: Stack): Promise<never> {
  throw await stack.failed;
}

/** Runs the demo cycle where there is to be one, shows what there is to see, and waits for the end. */
async function present(
  context: CliContext,
  options: DevOptions,
  config: Config,
  stack: Stack,
): Promise<void> {
  const client = new ApiClient(stack.apiUrl, context.signal, apiKeyOf(context));
  const cycle = config.databaseUrl === undefined ? await runDemoCycle(context, options, client) : undefined;
  const urls = urlsOf(stack, config, cycle);
  show(context, options, { ...urls, cycle: cycle ?? null }, () => writeUrls(context, urls));
  if (options.exit === true) {
    if (cycle?.state !== 'completed') context.setExitCode(EXIT.failed);
    return;
  }
  context.stderr.write('Press Ctrl-C to stop.\n');
  if (!context.signal.aborted) await once(context.signal, 'abort');
}

/** The cycle at its end, shown to people; undefined when there is none to run. */
async function runDemoCycle(
  context: CliContext,
  { cycle, exit, json }: DevOptions,
  client: ApiClient,
): Promise<CycleDetail | undefined> {
  const id = await demoCycle(client, cycle === true || exit === true);
  if (id === undefined) return undefined;
  const ended = await followCycle(client, id, context.stderr, context.signal);
  if (json !== true) await writeCycleSummary(client, ended, context.stdout);
  return ended;
}

function urlsOf(stack: Stack, { temporal }: Config, cycle: CycleDetail | undefined) {
  const workflows = `/namespaces/${encodeURIComponent(temporal.namespace)}/workflows`;
  const workflow = cycle === undefined ? '' : `/${encodeURIComponent(cycle.workflow_id)}`;
  return {
    api_url: stack.apiUrl,
    web_ui_url: stack.uiUrl === undefined ? null : `${stack.uiUrl}${workflows}${workflow}`,
    metrics_url: `${stack.metricsUrl}/metrics`,
    temporal_address: stack.temporalAddress,
  };
}

function writeUrls({ stdout }: CliContext, urls: ReturnType<typeof urlsOf>): void {
  stdout.write(`\nAPI      ${urls.api_url}  (described at /openapi.json)\n`);
  if (urls.web_ui_url !== null) stdout.write(`Web UI   ${urls.web_ui_url}\n`);
  stdout.write(`Metrics  ${urls.metrics_url}\nTemporal ${urls.temporal_address}\n`);
}
