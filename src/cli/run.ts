import { CommanderError } from 'commander';
import { readEnvFile, withEnvFile } from '../config/env-file';
import type { CliContext } from './context';
import { CliError, EXIT, type ExitCode } from './exit';
import { createProgram } from './program';
import { lines, terminalJson } from './terminal-text';
import { VERSION } from '../version';

/** The shell's code for a program ended by Ctrl-C. */
const INTERRUPTED = 130;

/** Errors of other layers that mean more than `failed`, by name, so that their modules need not be loaded. */
const EXIT_BY_ERROR: Readonly<Record<string, ExitCode>> = {
  ConfigError: EXIT.usage,
  HomeInUse: EXIT.infrastructure,
  PortInUse: EXIT.infrastructure,
  ListenError: EXIT.infrastructure,
  TemporalBinaryMissing: EXIT.infrastructure,
};
const EXIT_BY_CODE: Readonly<Record<string, ExitCode>> = {
  not_ready: EXIT.infrastructure,
  invalid_configuration: EXIT.usage,
  unreachable: EXIT.infrastructure,
  pending: EXIT.infrastructure,
};

/** Runs one command line and returns the exit code of the process. Never throws. */
export async function runCli(
  args: readonly string[],
  context: Omit<CliContext, 'setExitCode'>,
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const env = withEnvFile(context.env, readEnvFile(context.cwd));
  const full: CliContext = { ...context, env, setExitCode: (code) => void (exitCode = code) };
  try {
    await createProgram(full, VERSION).parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (context.signal.aborted) return longRunning(args) ? EXIT.ok : INTERRUPTED;
    return report(error, args.includes('--json'), full);
  }
}

/** Commands whose regular end is a signal. */
function longRunning(args: readonly string[]): boolean {
  const command = args.find((arg) => ['dev', 'serve', 'worker', 'demo-target', 'codec-server'].includes(arg));
  return command !== undefined && !args.includes('--exit');
}

function report(error: unknown, json: boolean, { stdout, stderr }: CliContext): number {
  const message = error instanceof Error ? error.message : String(error);
  stderr.write(`tinman: ${lines(message).join('\n')}\n`);
  if (json) {
    const details = error instanceof CliError ? error.details : undefined;
    stdout.write(`${terminalJson({ error: { message, ...details } })}\n`);
  }
  return exitCodeOf(error);
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.exitCode;
  if (!(error instanceof Error)) return EXIT.failed;
  const code = 'code' in error ? error.code : 'kind' in error ? error.kind : undefined;
  return EXIT_BY_ERROR[error.name] ?? EXIT_BY_CODE[typeof code === 'string' ? code : ''] ?? EXIT.failed;
}
