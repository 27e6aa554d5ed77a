import type { ExitCode } from './exit';

/** Somewhere to write; a terminal when it says so. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** How many characters fit into a line; without a limit where there is no terminal. */
export function columnsOf(output: Output): number {
  if (output.isTTY !== true) return Infinity;
  return output.columns === undefined || output.columns === 0 ? 80 : output.columns;
}

/** The world as commands see it. */
export interface CliContext {
  /** With what `.env` adds. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Results. With `--json` exactly one JSON document. */
  readonly stdout: Output;
  /** Progress, logs and errors. */
  readonly stderr: Output;
  /** Aborted by the first SIGINT or SIGTERM, and by SIGHUP unless a command has another use for it. */
  readonly signal: AbortSignal;
  /** The file that this program was started from. */
  readonly mainScript: string;
  /** Tells the process that started this one, if it listens. */
  notifyParent(message: unknown): void;
  /** From now on SIGHUP calls this; a terminal that is closed still means the end. */
  onHangUp(listener: () => void): void;
  /** Lines that are typed or piped in; on a terminal each is asked for with the prompt. */
  typedLines(prompt: string): AsyncIterable<string>;
  /** For a command that ends without an error, but not well. */
  setExitCode(code: ExitCode): void;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly url?: string;
}
