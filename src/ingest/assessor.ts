import type { Logger } from '../ports/logger';
import type { TraceStore } from '../ports/trace-store';
import type { PriceOfUsage } from '../domain/trace-genai';
import { assessTrace, NO_SETTINGS, PopulationBuilder } from './signals';

/** Nothing has come to a trace for so long: it is taken for complete. */
const QUIET_MS = 2_000;
const BATCH = 200;
/** Traces before those that are assessed, by which what is usual is told. */
const BACKGROUND = 300;

interface AssessorDeps {
  readonly traces: Pick<TraceStore, 'unassessed' | 'saveAssessment' | 'recent'>;
  readonly priceOf: PriceOfUsage;
  readonly log: Logger;
}

/**
 * Looks for signals in the traces that are complete and were not looked at since; what is usual is told by the latest
 * traces of the same target. Several processes may do so at once: they find the same.
 * @returns how many were assessed.
 */
export async function assessDueTraces({ traces, priceOf, log }: AssessorDeps): Promise<number> {
  let assessed = 0;
  for (;;) {
    const due = await traces.unassessed(QUIET_MS, BATCH);
    if (due.length === 0) return assessed;
    const targets = new Set(due.map(({ target }) => target));
    for (const target of targets) {
      const builder = new PopulationBuilder(priceOf);
      for (const trace of await traces.recent(target, BACKGROUND)) builder.add(trace);
      const settings = { ...NO_SETTINGS, priceOf, population: builder.population };
      for (const { trace, updatedAt } of due.filter((one) => one.target === target)) {
        await traces.saveAssessment(assessTrace(trace, settings), updatedAt);
      }
    }
    assessed += due.length;
    log.debug({ traces: due.length }, 'looked for signals in traces');
    if (due.length < BATCH) return assessed;
  }
}
