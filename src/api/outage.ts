import type { HealthProbes } from '../ports/health';
import { ask } from './health-check';

/** Refused, reset or unreachable connections (Node), SQLSTATE classes 08 and 57P, and Prisma's connection errors. */
const OUTAGE_CODE =
  /^(ECONN|ENOTFOUND|EAI_|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|08|57P|P1001|P1002|P1008|P1017|P2024)/;
/** gRPC's DEADLINE_EXCEEDED and UNAVAILABLE. */
const OUTAGE_GRPC = [4, 14];
const MAX_CAUSES = 5;

/** Tells a dependency out of reach from a fault of ours: by the codes along the chain of causes, else by asking. */
export async function isOutage(thrown: unknown, health: HealthProbes): Promise<boolean> {
  if (namesOutage(thrown, MAX_CAUSES)) return true;
  const probes = await Promise.all([ask(() => health.database()), ask(() => health.temporal())]);
  return probes.some((probe) => !probe.ok);
}

function namesOutage(error: unknown, causesLeft: number): boolean {
  if (typeof error !== 'object' || error === null || causesLeft === 0) return false;
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string' && OUTAGE_CODE.test(code)) return true;
  if (typeof code === 'number' && OUTAGE_GRPC.includes(code)) return true;
  return namesOutage(cause, causesLeft - 1);
}
