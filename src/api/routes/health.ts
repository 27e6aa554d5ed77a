import { z } from 'zod';
import { MODES, type Mode } from '../../domain/mode';
import type { ApiDeps } from '../deps';
import { HealthCheck, missingParts, type HealthReport } from '../health-check';
import { HttpProblem } from '../problem';
import { defineRoute, type Route } from '../route';

const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;

const Health = z
  .object({
    status: z.enum(HEALTH_STATUSES),
    version: z.string(),
    mode: z.enum(MODES).nullable().describe('Null while the database does not say.'),
    database_connected: z.boolean(),
    llm_available: z.boolean().describe('False with the offline researcher, which needs no model.'),
    uptime_seconds: z.int().min(0),
    checks: z.object({
      tinman_initialized: z.boolean().describe('The database has every migration.'),
      database_connected: z.boolean(),
      llm_available: z.boolean(),
      temporal_connected: z.boolean(),
    }),
  })
  .meta({ id: 'Health' });

const Ready = z.object({ ready: z.literal(true) }).meta({ id: 'Ready' });
const Live = z.object({ status: z.literal('alive') }).meta({ id: 'Live' });

/** `/health`, `/ready` and `/live`. */
export function healthRoutes(deps: ApiDeps, stopping: AbortSignal): readonly Route[] {
  const check = new HealthCheck(deps.health);
  return [
    defineRoute({
      method: 'GET',
      path: '/health',
      tag: 'service',
      access: 'open',
      summary: 'The state of the service and of what it stands on, as tested within the last second.',
      responses: {
        200: {
          description: 'Healthy, or degraded: Temporal or the configured model does not answer.',
          schema: Health,
        },
        503: { description: 'Unhealthy: the database does not answer or lacks migrations.', schema: Health },
      },
      handler: async () => {
        const health = await readHealth(deps, check);
        return { status: health.status === 'unhealthy' ? 503 : 200, body: health };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/ready',
      tag: 'service',
      access: 'open',
      summary:
        'Whether requests can be served: database, migrations and Temporal are there and nobody is stopping.',
      responses: { 200: { description: 'Ready.', schema: Ready } },
      problems: { 503: 'Not ready; `checks` says why.' },
      handler: async () => {
        const draining = stopping.aborted || deps.health.draining();
        refuseUnlessReady(await check.dependencies(), draining);
        return { status: 200, body: { ready: true } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/live',
      tag: 'service',
      access: 'open',
      summary: 'Whether the process answers; touches nothing else.',
      responses: { 200: { description: 'Alive.', schema: Live } },
      handler: () => ({ status: 200, body: { status: 'alive' } }),
    }),
  ];
}

async function readHealth(deps: ApiDeps, check: HealthCheck): Promise<z.infer<typeof Health>> {
  const [report, llm] = await Promise.all([check.dependencies(), check.llm()]);
  const checks = {
    tinman_initialized: report.migrations.ok,
    database_connected: report.database.ok,
    llm_available: llm.ok,
    temporal_connected: report.temporal.ok,
  };
  return {
    status: statusOf(report, deps.health.llmConfigured && !llm.ok),
    version: deps.identity.version,
    mode: report.database.ok ? await currentMode(deps) : null,
    database_connected: checks.database_connected,
    llm_available: checks.llm_available,
    uptime_seconds: Math.floor((Date.now() - deps.identity.startedAt.getTime()) / 1_000),
    checks,
  };
}

function statusOf(report: HealthReport, llmMissing: boolean): (typeof HEALTH_STATUSES)[number] {
  if (!report.database.ok || !report.migrations.ok) return 'unhealthy';
  return !report.temporal.ok || llmMissing ? 'degraded' : 'healthy';
}

/** Health is answered even when the database fails between the probe and this question. */
async function currentMode({ mode }: ApiDeps): Promise<Mode | null> {
  try {
    return (await mode.current()).mode;
  } catch {
    return null;
  }
}

function refuseUnlessReady(report: HealthReport, draining: boolean): void {
  const missing = missingParts(report, draining);
  if (missing.length === 0) return;
  throw new HttpProblem(503, 'not_ready', missing.join('; '), {
    members: {
      checks: { ...Object.fromEntries(Object.entries(report).map(([name, { ok }]) => [name, ok])), draining },
    },
  });
}
