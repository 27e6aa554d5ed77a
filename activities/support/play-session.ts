import type { GateVerdict } from '../../src/domain/approval';
import { injectionAttemptsOf } from '../../src/domain/injection-attempts';
import type { Mode } from '../../src/domain/mode';
import type { ReserveInput } from '../../src/ports/ledger';
import type { CycleRecord, RecordedRun } from '../../src/ports/stores';
import type { Target } from '../../src/ports/target';
import type { ActivityDeps } from '../deps';
import { cycleScopes } from './cycle-scopes';
import { RunJudge } from './judge';
import type { Play, Played, PlaySession } from './play';
import { targetPrice } from './reckoning';

interface Step {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly stepScope: string;
  /** The most the step may spend; without it what the mode's settings say. */
  readonly costLimitMicroUsd?: number;
}

/** Opens what the plays of one step of a cycle share: every reservation checks the mode's version and the step's own limit. */
export function openSession(
  deps: ActivityDeps,
  cycle: CycleRecord,
  target: Target,
  gate: GateVerdict,
  step: Step,
): PlaySession {
  const { mode, modeVersion } = gate;
  const scopes = cycleScopes(cycle.id, cycle.request);
  return openSessionOf(deps, { cycleId: cycle.id, scopes, mode, modeVersion }, target, step);
}

/** The same for plays of any origin; without `modeVersion` they go on when the mode changes. */
export function openSessionOf(
  deps: ActivityDeps,
  origin: Pick<ReserveInput, 'cycleId' | 'scopes' | 'modeVersion'> & { readonly mode: Mode },
  target: Target,
  step: Step,
): PlaySession {
  const { mode, ...reserved } = origin;
  const limitMicroUsd = step.costLimitMicroUsd ?? deps.settingsFor(mode).costLimitMicroUsd;
  const scopes = [...origin.scopes, { scope: step.stepScope, limitMicroUsd }];
  return {
    target,
    price: targetPrice(deps, target, mode),
    engines: deps.engines,
    ...judgeOf(deps, { cycleId: origin.cycleId, scopes, mode }, step),
    ledger: deps.ledger,
    reserve: (entries) => deps.ledger.reserve({ ...reserved, target: target.describe.name, scopes, entries }),
    stepScope: step.stepScope,
    signal: step.signal,
    draining: deps.draining,
    deadlineMs: step.deadlineMs,
  };
}

/** A judge that is paid for as the plays are, beside the target's own budget. */
function judgeOf(
  deps: ActivityDeps,
  payer: Pick<ReserveInput, 'cycleId' | 'scopes'> & { readonly mode: Mode },
  { signal, deadlineMs }: Step,
): Pick<PlaySession, 'judge'> {
  const { llm, draining } = deps;
  return llm === undefined ? {} : { judge: new RunJudge(deps, llm, payer, { signal, draining, deadlineMs }) };
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
    judgement: played.judgement ?? null,
    injectionAttempts: injectionAttemptsOf(transcript),
    transcript,
    inputTokens: usage.inputTokens + (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0),
    outputTokens: usage.outputTokens,
    costMicroUsd: played.costMicroUsd,
    latencyMs: played.latencyMs,
    startedAt: played.startedAt,
    endedAt: played.endedAt,
  };
}
