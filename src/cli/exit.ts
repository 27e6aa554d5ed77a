/** What the process answers to its caller. For a build, what nobody knows and what nobody can reach are the same. */
export const EXIT = { ok: 0, failed: 1, usage: 2, infrastructure: 3, unsettled: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An expected end of a command: the message is for people, the code for scripts. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    /** What `--json` shows instead of the message alone. */
    readonly details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }
}
