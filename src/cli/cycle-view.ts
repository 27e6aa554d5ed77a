import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CYCLE_PHASES, CYCLE_STATES } from '../domain/cycle';
import type { ApiClient } from './api-client';
import { columnsOf, type Output } from './context';
import { regressionSchema } from './regressions';
import { shortened } from './terminal-text';

const progressSchema = z.looseObject({
  state: z.enum(CYCLE_STATES),
  paused: z.boolean(),
  phase: z.enum(CYCLE_PHASES),
  hypotheses: z.number(),
  experiments_done: z.number(),
  experiments_total: z.number(),
  runs_done: z.number(),
  failures: z.number(),
  simulations: z.number(),
  pending_approvals: z.number(),
  spent_usd: z.number(),
  held_usd: z.number(),
});
type Progress = z.infer<typeof progressSchema>;

const result = z.looseObject({
  hypotheses_count: z.number(),
  experiments_count: z.number(),
  failures_count: z.number(),
  interventions_count: z.number(),
  failures: z.array(z.looseObject({ id: z.string() })),
  interventions: z.array(z.looseObject({ id: z.string() })),
  regressions: z.array(regressionSchema).optional(),
});

/** A cycle as `GET /research/cycles/{id}` answers it. */
export const cycleDetailSchema = z.looseObject({
  id: z.string(),
  workflow_id: z.string(),
  state: z.enum(CYCLE_STATES),
  target: z.string(),
  researcher: z.string(),
  error: z.string().nullable(),
  progress: progressSchema,
  result: result.nullable(),
});
export type CycleDetail = z.infer<typeof cycleDetailSchema>;

const POLL_MS = 400;
const PLAIN_INTERVAL_MS = 2_000;
const BAR_CELLS = 10;

/** Shows the progress of a cycle: in place on a terminal, as a line now and then elsewhere. */
class ProgressView {
  private shown = '';
  private shownPhase = '';
  private shownAt = 0;

  constructor(private readonly output: Output) {}

  update(progress: Progress): void {
    const text = describeProgress(progress);
    if (text === this.shown) return;
    if (this.output.isTTY === true) {
      this.output.write(`\r\u001b[2K${shortened(`${bar(progress)} ${text}`, columnsOf(this.output) - 1)}`);
    } else if (progress.phase !== this.shownPhase || Date.now() - this.shownAt >= PLAIN_INTERVAL_MS) {
      this.output.write(`${text}\n`);
      this.shownAt = Date.now();
    } else return;
    this.shown = text;
    this.shownPhase = progress.phase;
  }

  /** Ends the line, so that others can write. */
  end(): void {
    if (this.output.isTTY === true && this.shown !== '') this.output.write('\n');
    this.shown = '';
  }
}

/** Follows a cycle to its end and returns it; sits out restarts of the API. */
export async function followCycle(
  client: ApiClient,
  cycleId: string,
  output: Output,
  signal: AbortSignal,
): Promise<CycleDetail> {
  const view = new ProgressView(output);
  try {
    for (;;) {
      const cycle = await client.callPatiently(
        `/research/cycles/${encodeURIComponent(cycleId)}`,
        cycleDetailSchema,
      );
      view.update(cycle.progress);
      if (cycle.state !== 'running') return cycle;
      await sleep(POLL_MS, undefined, { signal });
    }
  } finally {
    view.end();
  }
}

/** One line, what matters most first: a narrow terminal cuts the rest. */
function describeProgress(progress: Progress): string {
  const { experiments_done: done, experiments_total: total, pending_approvals: pending } = progress;
  return [
    `${CYCLE_PHASES.indexOf(progress.phase) + 1}/${CYCLE_PHASES.length} ${progress.phase.replaceAll('_', ' ')}`,
    ...(progress.paused ? ['paused'] : []),
    ...(pending > 0 ? [`waiting for ${counted(pending, 'approval')} (tinman approvals)`] : []),
    `experiments ${done}/${total}`,
    counted(progress.failures, 'failure'),
    `$${progress.spent_usd.toFixed(4)} spent`,
    ...(progress.held_usd > 0 ? [`$${progress.held_usd.toFixed(4)} held`] : []),
    counted(progress.runs_done, 'run'),
    ...(progress.simulations > 0 ? [counted(progress.simulations, 'simulation')] : []),
  ].join(' · ');
}

function bar(progress: Progress): string {
  const withinPhase =
    progress.phase === 'execution' && progress.experiments_total > 0
      ? progress.experiments_done / progress.experiments_total
      : 0;
  const share = (CYCLE_PHASES.indexOf(progress.phase) + withinPhase) / CYCLE_PHASES.length;
  const filled = progress.state === 'running' ? Math.floor(share * BAR_CELLS) : BAR_CELLS;
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
