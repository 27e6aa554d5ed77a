import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { MAX_PARALLEL, runCycles } from './measured-cycle';
import { startSystem } from './system';
import type { System } from './system';
import { percentile, print } from './report';

const CASES = [
  { latencyMs: 0, concurrency: 1, cycles: 15 },
  { latencyMs: 50, concurrency: 1, cycles: 15 },
  { latencyMs: 0, concurrency: 8, cycles: 80 },
  { latencyMs: 50, concurrency: 8, cycles: 80 },
] as const;
const WARM_UP = { cycles: 8, concurrency: 8 } as const;

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
  targets: string[],
): Promise<void> {
  const { ended, cyclesPerMinute, cpu } = await runCycles(system, targets, spec);
  const wall = ended.map(({ wallMs }) => wallMs);
  const overhead: number[] = [];
  for (const { id, wallMs } of ended) overhead.push(wallMs - (await criticalPathMs(database, id)));
  print({
    case: `latency ${spec.latencyMs} ms, ${spec.concurrency} at once`,
    latency_ms: spec.latencyMs,
    concurrency: spec.concurrency,
    cycles: spec.cycles,
    cycles_per_minute: cyclesPerMinute,
    wall_ms_p50: percentile(wall, 0.5),
    wall_ms_p99: percentile(wall, 0.99),
    overhead_ms_p50: percentile(overhead, 0.5),
    overhead_ms_p99: percentile(overhead, 0.99),
    worker_rss_mb: system.workerRssMb(),
    ...cpu,
  });
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-bench-'));
  try {
    for (const latencyMs of new Set(CASES.map((spec) => spec.latencyMs))) {
      const specs = CASES.filter((spec) => spec.latencyMs === latencyMs);
      const count = WARM_UP.cycles + specs.reduce((sum, { cycles }) => sum + cycles, 0);
      const targets = Array.from({ length: count }, (_, index) => `t${index}`);
      const home = join(folder, String(latencyMs));
      const system = await startSystem({
        home,
        latencyMs,
        targets,
        workers: 1,
        maxParallel: MAX_PARALLEL,
        env,
      });
      const database = new Pool({ connectionString: system.databaseUrl, max: 1 });
      try {
        await runCycles(system, targets, WARM_UP);
        for (const spec of specs) await measure(system, database, spec, targets);
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
