import { validateDetector } from '../src/domain/detect';
import type { Intervention, InterventionDraft, Patch } from '../src/domain/intervention';
import type { Mode } from '../src/domain/mode';
import { assessRisk } from '../src/domain/risk';
import type { ActionType, RiskTier } from '../src/domain/risk';
import type { CycleRecord, StoredFinding, StoredSimulation } from '../src/ports/stores';
import type { Target } from '../src/ports/target';
import type { Activities, PlannedSteps } from './contract';
import type { ActivityDeps } from './deps';
import { simulationAction } from './support/actions';
import { explanationOf, failureCaseOf } from './support/failure-case';
import { withHeartbeat } from './support/heartbeat';
import { withFallback } from './support/model-fallback';
import { mapParallel } from './support/parallel';
import { planSimulations } from './support/plan-simulations';
import type { PlannedSimulation } from './support/plan-simulations';
import { plannedSteps } from './support/planned-steps';
import { researcherOf, researcherStamp } from './support/researcher';
import { stillSpendable } from './support/spendable';

/** What changing the target in this way is to the risk policy; undefined for what changes nothing. */
const ACTION_OF_PATCH: Readonly<Record<Patch['type'], ActionType | undefined>> = {
  prompt_patch: 'PROMPT_MUTATION',
  guardrail: 'SAFETY_FILTER_CHANGE',
  tool_policy: 'TOOL_POLICY_CHANGE',
  parameter_change: 'CONFIG_CHANGE',
  retrieval_change: 'CONFIG_CHANGE',
  architectural_recommendation: undefined,
};

type Proposal = Intervention & { readonly ordinal: number };

/** Phase 5: fixes for every failure that has none, then the replays still to be done. */
export function designInterventions(deps: ActivityDeps): Activities['designInterventions'] {
  const { cycles, experiments, failures, interventions, simulations } = deps.stores;
  return async ({ cycleId }): Promise<PlannedSteps> => {
    const cycle = await cycles.get(cycleId);
    const target = deps.targets.get(cycle.request.target);
    const [found, designed, existing] = await Promise.all([
      failures.list(cycleId),
      experiments.list(cycleId),
      interventions.list(cycleId),
    ]);
    const answered = new Set(existing.map(({ failureId }) => failureId));
    const missing = found
      .map((finding, ordinal) => ({ finding, ordinal }))
      .filter(({ finding }) => !answered.has(finding.id));
    const added = await propose(deps, cycle, target, missing);
    const spendableMicroUsd = await stillSpendable(deps, cycle);
    const sources = { cycle, target, found, designed, spendableMicroUsd };
    const planned = planSimulations(deps, sources, added.proposals);
    if (added.proposals.length > 0) {
      await interventions.save(cycleId, added.proposals, planned, researcherStamp(deps));
    }
    const stored = existing.length > 0 ? await simulations.list(cycleId) : planned.map(asPlanned);
    const byId = new Map(
      [...existing, ...added.proposals].map((intervention) => [intervention.id, intervention]),
    );
    const open = stored.flatMap((simulation) => {
      const intervention = byId.get(simulation.interventionId);
      const ended = simulation.state !== 'planned' && simulation.state !== 'running';
      return intervention === undefined || ended ? [] : [{ simulation, intervention }];
    });
    const failureOf = ({ failureId }: Intervention): string =>
      found.find(({ id }) => id === failureId)?.trigger ?? failureId;
    return plannedSteps(open, stored.length, added.budgetExhausted, ({ simulation, intervention }) => ({
      subjectId: intervention.id,
      title: `replay "${intervention.name}" against ${failureOf(intervention)}`,
      action: simulationAction(simulation, intervention, target.describe),
    }));
  };
}

async function propose(
  deps: ActivityDeps,
  cycle: CycleRecord,
  target: Target,
  missing: readonly { readonly finding: StoredFinding; readonly ordinal: number }[],
): Promise<{ readonly proposals: readonly Proposal[]; readonly budgetExhausted: boolean }> {
  if (missing.length === 0) return { proposals: [], budgetExhausted: false };
  const examples = await deps.stores.experiments.runs(
    missing.flatMap(({ finding }) => finding.failedRunIds.slice(0, 1)),
  );
  const { mode } = await deps.stores.mode.current();
  const answers = await withHeartbeat((signal) => {
    const researcher = researcherOf(deps, cycle, signal);
    return mapParallel(missing, deps.settingsFor(mode).maxParallel, async ({ finding, ordinal }) => {
      const example = examples.find(({ id }) => id === finding.failedRunIds[0])?.transcript;
      const failure = failureCaseOf(finding, ordinal, example ?? NOTHING_SAID, target.describe);
      const { value: drafts, budgetExhausted } = await withFallback(researcher, (one) =>
        one.designInterventions(failure, explanationOf(finding)),
      );
      const proposals = drafts
        .filter((draft) => isSound(draft, deps))
        .map((draft, position): Proposal => ({
          ...draft,
          id: deps.recordId('intervention', finding.id, position),
          failureId: finding.id,
          ordinal: position,
          riskTier: tierOf(draft.patch, mode, deps),
        }));
      return { proposals, budgetExhausted };
    });
  });
  return {
    proposals: answers.flatMap(({ proposals }) => proposals),
    budgetExhausted: answers.some(({ budgetExhausted }) => budgetExhausted),
  };
}

const NOTHING_SAID = { messages: [], calls: [] };

function isSound({ patch }: InterventionDraft, { engines }: ActivityDeps): boolean {
  if (patch.type !== 'guardrail') return true;
  return validateDetector({ kind: 'regex', pattern: patch.rule.pattern }, engines) === undefined;
}

/** The tier of putting the patch in force in this mode: a reversible change of configuration is S1. */
function tierOf(patch: Patch, mode: Mode, { policy }: ActivityDeps): RiskTier {
  const type = ACTION_OF_PATCH[patch.type];
  if (type === undefined) return 'safe';
  return assessRisk({ type, severity: 'S1', estimatedCostMicroUsd: 0 }, mode, policy()).tier;
}

/** What the cycle's own budget leaves for its replays. */
function asPlanned(simulation: PlannedSimulation): StoredSimulation {
  return { ...simulation, state: 'planned', result: null };
}
