import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_PARALLEL, runCycles } from './measured-cycle';
import { percentile, print } from './report';
import { historiesOf, storedPerCycle, storedSoFar } from './stored-figures';
import { startSystem } from './system';

const LATENCY_MS = 50;
const WORKERS = [1, 2] as const;
const LOADS = [
  { concurrency: 8, cycles: 64 },
  { concurrency: 16, cycles: 64 },
] as const;
/** Enough that each worker has loaded what it needs before anything is measured. */
const WARM_UP = { concurrency: 16, cycles: 24 } as const;

/** Starts a system with so many workers and prints a line for each load. */
async function measure(home: string, workers: number, env: NodeJS.ProcessEnv): Promise<void> {
  const count = [WARM_UP, ...LOADS].reduce((sum, { cycles }) => sum + cycles, 0);
  const targets = Array.from({ length: count }, (_, index) => `t${index}`);
  const system = await startSystem({
    home,
    latencyMs: LATENCY_MS,
    targets,
    workers,
    maxParallel: MAX_PARALLEL,
    env,
  });
  try {
    await runCycles(system, targets, WARM_UP);
    for (const load of LOADS) {
      const before = await storedSoFar(system);
      const { ended, cyclesPerMinute, cpu } = await runCycles(system, targets, load);
      const wall = ended.map(({ wallMs }) => wallMs);
      print({
        case: `workers ${workers}, ${load.concurrency} at once`,
        workers,
        latency_ms: LATENCY_MS,
        ...load,
        cycles_per_minute: cyclesPerMinute,
        wall_ms_p50: percentile(wall, 0.5),
        wall_ms_p99: percentile(wall, 0.99),
        worker_rss_mb: system.workerRssMb(),
        ...cpu,
        ...storedPerCycle(before, await storedSoFar(system), load.cycles),
        ...(await historiesOf(system)),
      });
    }
  } finally {
    await system.stop();
  }
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-scale-'));
  try {
    for (const workers of WORKERS) await measure(join(folder, String(workers)), workers, env);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main(process.env);
