import type { ProposedAction } from '../../src/domain/approval';
import { usdOfMicro } from '../../src/domain/money';
import { experimentActionSeverity } from '../../src/domain/risk';
import type { Intervention } from '../../src/domain/intervention';
import type { ExperimentDesign } from '../../src/domain/experiment';
import type { TargetDescription } from '../../src/domain/target';
import type { StoredFollowUp } from '../../src/ports/follow-up-store';
import type { StoredExperiment, StoredFinding, StoredSimulation } from '../../src/ports/stores';
import { digestOf } from './digest';

type Action = Omit<ProposedAction, 'approvalId'>;

const READ_ONLY_ROLLBACK = 'nothing to roll back: the target is only asked, its configuration is not changed';

/** What running an experiment means for the gate. Gate and executor build it from the same record. */
export function experimentAction(experiment: StoredExperiment, target: TargetDescription): Action {
  const { design, runsRequested, estimatedCostMicroUsd } = experiment;
  const { destructive } = design;
  return {
    actionType: destructive ? 'DESTRUCTIVE_TEST' : 'RUN_EXPERIMENT',
    subjectId: experiment.id,
    description: `run "${design.title}" at most ${runsRequested} times against ${target.name} for at most ${dollars(estimatedCostMicroUsd)}`,
    severity: experimentActionSeverity({ ...target, destructive }),
    estimatedCostMicroUsd,
    affectedSystems: [target.name],
    isReversible: !destructive,
    rollbackPlan: READ_ONLY_ROLLBACK,
    argumentsDigest: digestOf({ design, runsRequested, configuration: target.configuration }),
    personRequired: false,
  };
}

/** What following up a failure means for the gate: more of what its experiment did. */
export function followUpAction(
  followUp: Pick<StoredFollowUp, 'callsPermitted' | 'estimatedCostMicroUsd'>,
  { id, trigger }: Pick<StoredFinding, 'id' | 'trigger'>,
  design: ExperimentDesign,
  target: TargetDescription,
): Action {
  const { callsPermitted, estimatedCostMicroUsd } = followUp;
  const { destructive } = design;
  return {
    actionType: destructive ? 'DESTRUCTIVE_TEST' : 'RUN_EXPERIMENT',
    subjectId: id,
    description: `minimise and vary "${trigger}" in at most ${callsPermitted} plays against ${target.name} for at most ${dollars(estimatedCostMicroUsd)}`,
    severity: experimentActionSeverity({ ...target, destructive }),
    estimatedCostMicroUsd,
    affectedSystems: [target.name],
    isReversible: !destructive,
    rollbackPlan: READ_ONLY_ROLLBACK,
    argumentsDigest: digestOf({ design, callsPermitted, configuration: target.configuration }),
    personRequired: false,
  };
}

/** What a counterfactual replay means for the gate. */
export function simulationAction(
  simulation: StoredSimulation,
  intervention: Intervention,
  target: TargetDescription,
): Action {
  const { pairsRequested, estimatedCostMicroUsd } = simulation;
  return {
    actionType: 'RUN_SIMULATION',
    subjectId: intervention.id,
    description: `replay "${intervention.name}" over ${pairsRequested} pairs against ${target.name} for at most ${dollars(estimatedCostMicroUsd)}`,
    severity: experimentActionSeverity({ ...target, destructive: false }),
    estimatedCostMicroUsd,
    affectedSystems: [target.name],
    isReversible: true,
    rollbackPlan: READ_ONLY_ROLLBACK,
    argumentsDigest: digestOf({
      patch: intervention.patch,
      pairsRequested,
      configuration: target.configuration,
    }),
    personRequired: false,
  };
}

/** What a verdict on an intervention is bound to: another model or another configuration may behave otherwise. */
export function configurationDigest({ model, configuration }: TargetDescription): string {
  return digestOf({ model, configuration });
}

/** Binds an approval to exactly this action under this policy. */
export function actionDigest(action: Action, policyVersion: string): string {
  return digestOf({ ...action, approvalId: undefined, policyVersion });
}

/** Micro-dollars for people. */
export function dollars(micro: number): string {
  return `${usdOfMicro(micro).toFixed(4)} USD`;
}
