import type { Config } from './config';
import { closePrisma, createPrisma } from './persistence/client';
import { createModeStore } from './persistence/mode-store';
import { connectClient, endpointOf } from './temporal/connection';
import { supersedeTransition } from './temporal/mode-gateway';

/** What an emergency rollback came to, as the command line shows it. */
interface RolledBack {
  readonly changed: boolean;
  readonly mode: string;
  readonly withdrawn_approvals: number;
  /** Whether the workflow of a transition that waits could be told; its record bars it in any case. */
  readonly temporal_told: boolean;
}

/** Takes production to shadow with the database alone; then tells Temporal, where one is configured and answers. */
export async function rollBackMode(input: {
  readonly databaseUrl: string;
  readonly temporal: Config['temporal'];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly requestedBy: string;
  readonly reason: string;
}): Promise<RolledBack> {
  const { databaseUrl, requestedBy, reason } = input;
  const prisma = createPrisma(databaseUrl, { poolSize: 1 });
  try {
    const { changed, withdrawn, mode } = await createModeStore(prisma).forceShadow({ requestedBy, reason });
    const told = withdrawn > 0 && (await tellTemporal(input));
    return { changed, mode: mode.mode, withdrawn_approvals: withdrawn, temporal_told: told };
  } finally {
    await closePrisma(prisma);
  }
}

async function tellTemporal({ temporal, env }: Parameters<typeof rollBackMode>[0]): Promise<boolean> {
  if (temporal.address === undefined) return false;
  try {
    const client = await connectClient(endpointOf(temporal, env));
    try {
      await supersedeTransition(client);
      return true;
    } finally {
      await client.connection.close();
    }
  } catch {
    // The rollback stands without it: the waiting workflow finds its approval withdrawn.
    return false;
  }
}
