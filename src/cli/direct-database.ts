import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CliContext, GlobalOptions } from './context';
import { CliError, EXIT } from './exit';
import { readConfig } from './settings';

/** The database for commands that must work without the API. */
export interface DirectDatabase {
  /** As the service's role. */
  readonly url: string;
  readonly ownerUrl: string;
}

/**
 * Does something with the configured database; else with the embedded one of this home, which is started for as long as
 * it takes when `tinman dev` does not run.
 * @throws {CliError} `usage` when there is no database at all.
 */
export async function withDatabase<T>(
  context: CliContext,
  options: GlobalOptions,
  work: (database: DirectDatabase) => Promise<T>,
): Promise<T> {
  const { home, databaseUrl, ownerDatabaseUrl } = readConfig(context, options);
  if (databaseUrl !== undefined) return work({ url: databaseUrl, ownerUrl: ownerDatabaseUrl ?? databaseUrl });
  const dataDir = join(home, 'postgres');
  if (!existsSync(dataDir)) {
    throw new CliError(
      EXIT.usage,
      `There is no database: set TINMAN_DATABASE_URL, or start one with \`tinman dev\` (nothing is in ${home}).`,
    );
  }
  const { runningPostgres, startEmbeddedPostgres } = await import('../embedded/postgres.js');
  const running = await runningPostgres(dataDir);
  if (running !== undefined) return work({ url: running.serviceUrl, ownerUrl: running.url });
  const silent = { info: () => undefined, warn: () => undefined };
  const server = await startEmbeddedPostgres({ dataDir, log: silent });
  try {
    return await work({ url: server.serviceUrl, ownerUrl: server.url });
  } finally {
    await server.stop();
  }
}
