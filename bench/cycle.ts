import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { z } from 'zod';
import { startSystem } from './system';
import type { System } from './system';
import { percentile, print } from './report';

/** One cycle as the issue describes it: 3 hypotheses, 1 experiment each, 5 runs each, one failure replayed over 10 pairs. */
const REQUEST = {
  focus: 'distributional_shift',
  max_hypotheses: 3,
  max_experiments: 1,
  runs_per_experiment: 5,
  replay_pairs: 10,
} as const;
const MAX_PARALLEL = 5;
const WAIT_SECONDS = 120;

const CASES = [
  { latencyMs: 0, concurrency: 1, cycles: 15 },
  { latencyMs: 50, concurrency: 1, cycles: 15 },
  { latencyMs: 0, concurrency: 8, cycles: 80 },
  { latencyMs: 50, concurrency: 8, cycles: 80 },
] as const;
const WARM_UP_CYCLES = 8;

const resultSchema = z.object({
  id: z.string(),
  state: z.literal('completed'),
  experiments_count: z.literal(3),
  failures_count: z.literal(1),
  simulations_count: z.literal(1),
});

/** Runs one cycle on a target of its own, so that memory never changes what is tested; returns id and wall time in ms. */
async function runCycle(
  system: System,
  target: string,
): Promise<{ readonly id: string; readonly wallMs: number }> {
  const startedAt = performance.now();
  const response = await fetch(`${system.apiUrl}/research/cycle?wait=${WAIT_SECONDS}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...REQUEST, target }),
  });
  const body: unknown = await response.json();
  const wallMs = performance.now() - startedAt;
  if (response.status !== 200)
    throw new Error(`a cycle answered ${response.status}: ${JSON.stringify(body).slice(0, 500)}`);
  const result = resultSchema.safeParse(body);
  if (!result.success)
    throw new Error(`not the cycle that is measured: ${result.error.message} ${JSON.stringify(body)}`);
  return { id: result.data.id, wallMs };
}

/**
 * The time that model calls alone would have taken, in ms: the longest run of the execution phase, in which all runs are
 * under way at once, and the replays in as many lanes as are played at once.
 */
async function criticalPathMs(database: Pool, cycleId: string): Promise<number> {
  const { rows } = await database.query<{ runs: number; replays: number }>(
    `SELECT (SELECT max(latency_ms) FROM experiment_runs WHERE cycle_id = $1)::float AS runs,
            (SELECT sum(r.latency_ms) FROM replay_runs r JOIN simulations s ON s.id = r.simulation_id
             WHERE s.cycle_id = $1)::float AS replays`,
    [cycleId],
  );
  const { runs = 0, replays = 0 } = rows[0] ?? {};
  return runs + replays / MAX_PARALLEL;
}

async function measure(
  system: System,
  database: Pool,
  spec: (typeof CASES)[number],
  names: string[],
): Promise<void> {
  const wall: number[] = [];
  const overhead: number[] = [];
  let left: number = spec.cycles;
  const ids: { id: string; wallMs: number }[] = [];
  const cpuBefore = system.cpuMs();
  const startedAt = performance.now();
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      ids.push(await runCycle(system, names.pop() ?? ''));
    }
  };
  await Promise.all(Array.from({ length: spec.concurrency }, lane));
  const elapsedMs = performance.now() - startedAt;
  const cpuAfter = system.cpuMs();
  for (const { id, wallMs } of ids) {
    wall.push(wallMs);
    overhead.push(wallMs - (await criticalPathMs(database, id)));
  }
  print({
    case: `latency ${spec.latencyMs} ms, ${spec.concurrency} at once`,
    latency_ms: spec.latencyMs,
    concurrency: spec.concurrency,
    cycles: spec.cycles,
    cycles_per_minute: (spec.cycles / elapsedMs) * 60_000,
    wall_ms_p50: percentile(wall, 0.5),
    wall_ms_p99: percentile(wall, 0.99),
    overhead_ms_p50: percentile(overhead, 0.5),
    overhead_ms_p99: percentile(overhead, 0.99),
    worker_rss_mb: system.workerRssMb(),
    ...cpuPerCycle(cpuBefore, cpuAfter, spec.cycles),
  });
}

/** The CPU time of each part for one cycle, in ms. */
function cpuPerCycle(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  cycles: number,
): Readonly<Record<string, number>> {
  const spent = Object.entries(after).map(([part, ms]): [string, number] => [
    `${part}_cpu_ms_per_cycle`,
    (ms - (before[part] ?? 0)) / cycles,
  ]);
  return Object.fromEntries(spent);
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-bench-'));
  try {
    for (const latencyMs of new Set(CASES.map((spec) => spec.latencyMs))) {
      const specs = CASES.filter((spec) => spec.latencyMs === latencyMs);
      const count = WARM_UP_CYCLES + specs.reduce((sum, { cycles }) => sum + cycles, 0);
      const targets = Array.from({ length: count }, (_, index) => `t${index}`);
      const home = join(folder, String(latencyMs));
      const system = await startSystem({
        home,
        latencyMs,
        targets,
        maxParallel: MAX_PARALLEL,
        env,
      });
      const database = new Pool({ connectionString: system.databaseUrl, max: 1 });
      try {
        const names = [...targets];
        await Promise.all(Array.from({ length: WARM_UP_CYCLES }, () => runCycle(system, names.pop() ?? '')));
        for (const spec of specs) await measure(system, database, spec, names);
      } finally {
        await database.end();
        await system.stop();
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main(process.env);
