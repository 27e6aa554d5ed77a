import type { GateVerdict } from '../../src/domain/approval';
import type { CycleRecord, RecordedRun } from '../../src/ports/stores';
import type { Target } from '../../src/ports/target';
import type { ActivityDeps } from '../deps';
import { cycleScopes } from './cycle-scopes';
import type { Play, Played, PlaySession } from './play';
import { targetPrice } from './reckoning';

/** Opens what the plays of one step share: every reservation checks the mode's version and the step's own limit. */
export function openSession(
  deps: ActivityDeps,
  cycle: CycleRecord,
  target: Target,
  gate: GateVerdict,
  step: { readonly signal: AbortSignal; readonly deadlineMs: number; readonly stepScope: string },
): PlaySession {
  const limitMicroUsd = deps.settingsFor(gate.mode).costLimitMicroUsd;
  const scopes = [...cycleScopes(cycle.id, cycle.request), { scope: step.stepScope, limitMicroUsd }];
  return {
    target,
    price: targetPrice(deps, target, gate.mode),
    engines: deps.engines,
    ledger: deps.ledger,
    reserve: (entries) =>
      deps.ledger.reserve({
        cycleId: cycle.id,
        target: target.describe.name,
        scopes,
        entries,
        modeVersion: gate.modeVersion,
      }),
    stepScope: step.stepScope,
    signal: step.signal,
    draining: deps.draining,
    deadlineMs: step.deadlineMs,
  };
}

/** What a play leaves in the database, whichever table it goes to. */
export function recordedPlay(plan: Play, played: Played): Omit<RecordedRun, 'id' | 'ordinal' | 'caseIndex'> {
  const { verdict, transcript, usage } = played;
  return {
    seed: plan.seed,
    outcome: verdict.outcome,
    reason: verdict.reason ?? null,
    detail: verdict.detail ?? null,
    evidence: verdict.evidence,
    transcript,
    inputTokens: usage.inputTokens + (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
    outputTokens: usage.outputTokens,
    costMicroUsd: played.costMicroUsd,
    latencyMs: played.latencyMs,
    startedAt: played.startedAt,
    endedAt: played.endedAt,
  };
}
