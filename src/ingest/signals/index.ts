import { defaultSeverityOf } from '../../domain/taxonomy';
import type { Trace } from '../../domain/trace';
import type { Exposure, TraceAssessment, TraceSignal } from '../../domain/trace-signal';
import { cascadeRule } from './cascade';
import { contentFilterRule, finishLengthRule } from './finish-reason';
import { contextGrowthRule } from './context-growth';
import { contradictedResultRule } from './contradicted-result';
import { destructiveCallRule } from './destructive-call';
import { errorRule, rateLimitRule } from './error';
import { costOutlierRule, latencyOutlierRule } from './outliers';
import { retryStormRule } from './retry-storm';
import { NO_SETTINGS, type FoundSignal, type SignalRule, type SignalSettings } from './rule';
import { toolLoopRule } from './tool-loop';
import { TraceView } from './trace-view';
import { unknownToolRule } from './unknown-tool';
import { wrongOrderRule } from './wrong-order';

export { PopulationBuilder } from './population';
export { NO_SETTINGS, type SignalSettings } from './rule';

/** Everything that is looked for; a new kind is a line here, and passes test/contract/trace-signals. */
export const SIGNAL_RULES: readonly SignalRule[] = [
  errorRule,
  rateLimitRule,
  cascadeRule,
  retryStormRule,
  finishLengthRule,
  contentFilterRule,
  unknownToolRule,
  toolLoopRule,
  wrongOrderRule,
  destructiveCallRule,
  contradictedResultRule,
  contextGrowthRule,
  latencyOutlierRule,
  costOutlierRule,
];

/** Of one kind in one trace: the rest repeat what these say. */
const MOST_OF_A_KIND = 20;

/** What a trace shows of failures, each with quotes from its spans, and what it could have shown. */
export function assessTrace(trace: Trace, settings: SignalSettings = NO_SETTINGS): TraceAssessment {
  const view = new TraceView(trace);
  const exposures = new Map<string, Exposure>();
  const signals: TraceSignal[] = [];
  for (const rule of SIGNAL_RULES) {
    for (const scope of rule.exposures(view, settings)) {
      exposures.set(`${rule.kind} ${scope}`, { kind: rule.kind, scope });
    }
    const found = rule.find(view, settings).flatMap((one) => quoted(trace, rule, one));
    signals.push(...found.slice(0, MOST_OF_A_KIND));
  }
  return { traceId: trace.traceId, signals, exposures: [...exposures.values()] };
}

function quoted({ traceId }: Trace, { kind }: SignalRule, found: FoundSignal): readonly TraceSignal[] {
  const [first, ...others] = found.evidence.flatMap((one) => (one === null ? [] : [one]));
  if (first === undefined) return [];
  const severity = found.severity ?? defaultSeverityOf(found.failureType);
  return [{ ...found, kind, traceId, severity, evidence: [first, ...others] }];
}
