import { z } from 'zod';
import type { System } from './system';

/** One cycle as the issue describes it: 3 hypotheses, 1 experiment each, 5 runs each, one failure replayed over 10 pairs. */
const REQUEST = {
  focus: 'distributional_shift',
  max_hypotheses: 3,
  max_experiments: 1,
  runs_per_experiment: 5,
  replay_pairs: 10,
} as const;
const WAIT_SECONDS = 120;

const resultSchema = z.object({
  id: z.string(),
  state: z.literal('completed'),
  experiments_count: z.literal(3),
  failures_count: z.literal(1),
  simulations_count: z.literal(1),
});

/** Calls of the target that are under way at once in one cycle. */
export const MAX_PARALLEL = 5;

export interface MeasuredCycle {
  readonly id: string;
  readonly wallMs: number;
}

export interface Load {
  readonly cycles: number;
  /** Cycles under way at once. */
  readonly concurrency: number;
}

/**
 * Keeps so many cycles under way until all are done, each on a target of its own (taken from the end of `targets`), so that
 * memory never changes what is tested. The CPU figures are of each part for one cycle, in ms.
 * @throws Error when a cycle ends otherwise than it should: it would not be the one that is measured.
 */
export async function runCycles(
  system: System,
  targets: string[],
  { cycles, concurrency }: Load,
): Promise<{
  readonly ended: readonly MeasuredCycle[];
  readonly cyclesPerMinute: number;
  readonly cpu: Readonly<Record<string, number>>;
}> {
  const ended: MeasuredCycle[] = [];
  let left = cycles;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      ended.push(await runCycle(system, targets.pop() ?? ''));
    }
  };
  const cpuBefore = system.cpuMs();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const elapsedMs = performance.now() - startedAt;
  const cpu = cpuPerCycle(cpuBefore, system.cpuMs(), cycles);
  return { ended, cyclesPerMinute: (cycles / elapsedMs) * 60_000, cpu };
}

async function runCycle(system: System, target: string): Promise<MeasuredCycle> {
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
