import { Prisma } from './generated/client';
import { presentRow, type RawRow } from './record-presentation';
import type { ActiveFilter, ApiRecord } from '../ports/records';
import type { PrismaClient } from './client';

/** See `Records.active`. One statement, so that mode and deployments are of the same moment. */
export async function readActive(
  prisma: PrismaClient,
  { channel, target }: ActiveFilter,
): Promise<readonly ApiRecord[]> {
  const rows = await prisma.$queryRaw<RawRow[]>`
    SELECT d.id AS deployment_id, d.intervention_id, d.target, d.channel, d.patch ->> 'type' AS type, d.patch,
      d.published_at
    FROM deployments d CROSS JOIN mode_state m
    WHERE d.state IN ('live', 'kept') AND (d.channel <> 'production' OR m.mode = 'production')
      ${channel === undefined ? Prisma.empty : Prisma.sql`AND d.channel = ${channel}`}
      ${target === undefined ? Prisma.empty : Prisma.sql`AND d.target = ${target}`}
    ORDER BY d.published_at, d.id`;
  return rows.map(presentRow);
}
