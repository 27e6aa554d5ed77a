import { z } from 'zod';
import type { ProposedAction } from '../../src/domain/approval';
import { DomainError } from '../../src/domain/errors';
import { MODES, runsPermitted } from '../../src/domain/mode';
import type { ActionType } from '../../src/domain/risk';
import type { StoredApproval } from '../../src/ports/approval-store';
import type { ApiRecord, Records } from '../../src/ports/records';
import { transitionAction } from '../mode-transition';
import { experimentAction, followUpAction, simulationAction } from '../support/actions';
import { deploymentAction, type ActionDeps } from '../support/deployment-action';
import { toolAction } from '../support/tool-action';
import { configurationChange, configurationDocument } from './configuration-document';

export interface ReviewDeps extends ActionDeps {
  readonly records: Records;
}

/** An action as it would be done now. */
export interface ActionNow {
  readonly proposed: Omit<ProposedAction, 'approvalId'>;
  readonly shown: ApiRecord;
  /** The failure that an intervention is for. */
  readonly failureId?: string;
  /** The intervention whose replays speak for it. */
  readonly interventionId?: string;
}

type Reader = (deps: ReviewDeps, approval: StoredApproval) => Promise<ActionNow>;

const READERS: Readonly<Partial<Record<ActionType, Reader>>> = {
  RUN_EXPERIMENT: experimentNow,
  DESTRUCTIVE_TEST: experimentNow,
  RUN_SIMULATION: simulationNow,
  DEPLOY_INTERVENTION: deploymentNow,
  MODE_TRANSITION: transitionNow,
};

/**
 * What an approval lets happen, built from the same records and by the same code as for gate and executor.
 * @throws {DomainError} when a record or its target is gone.
 */
export function actionNow(deps: ReviewDeps, approval: StoredApproval): Promise<ActionNow> {
  const { cycleId, details, actionType } = approval;
  // Programs call tools under action types of their choice; what tells them apart is that all of it is in their record.
  const isToolCall = cycleId === null && details === null;
  return ((isToolCall ? undefined : READERS[actionType]) ?? toolCallNow)(deps, approval);
}

async function experimentNow(deps: ReviewDeps, approval: StoredApproval): Promise<ActionNow> {
  const { stores, targets, records } = deps;
  const { subjectId, mode } = approval;
  const record = await records.get('experiments', subjectId);
  if (record === undefined) return followUpNow(deps, approval);
  const stored = await stores.experiments.get(subjectId);
  const cycle = await stores.cycles.get(stored.cycleId);
  const target = targets.get(cycle.request.target).describe;
  const { title, failure_type, hypothesis_id, runs_requested, design } = record;
  return {
    proposed: experimentAction(stored, target),
    shown: {
      kind: 'experiment',
      experiment_id: subjectId,
      hypothesis_id,
      title,
      failure_type,
      runs_requested,
      runs_permitted: runsPermitted(mode, stored.runsRequested),
      target: target.name,
      model: target.model,
      design,
      configuration: { before: configurationDocument(target.configuration) },
    },
  };
}

/** Following up a failure, which is to the policy what running its experiment is. */
async function followUpNow(
  { stores, targets }: ReviewDeps,
  { subjectId }: StoredApproval,
): Promise<ActionNow> {
  const followUp = await stores.followUps.ofFailure(subjectId);
  const cycle = await stores.cycles.get(followUp.cycleId);
  const finding = (await stores.failures.list(cycle.id)).find(({ id }) => id === subjectId);
  if (finding === undefined) throw new DomainError('not_found', `there is no failure ${subjectId}`);
  const { design } = await stores.experiments.get(finding.experimentId);
  const target = targets.get(cycle.request.target).describe;
  return {
    proposed: followUpAction(followUp, finding, design, target),
    shown: {
      kind: 'follow_up',
      follow_up_id: followUp.id,
      experiment_id: finding.experimentId,
      trigger: finding.trigger,
      failure_type: finding.failureType,
      calls_permitted: followUp.callsPermitted,
      target: target.name,
      model: target.model,
      configuration: { before: configurationDocument(target.configuration) },
    },
    failureId: subjectId,
  };
}

async function simulationNow(
  { stores, targets, records }: ReviewDeps,
  { subjectId, cycleId }: StoredApproval,
): Promise<ActionNow> {
  if (cycleId === null) throw new DomainError('not_found', 'a replay belongs to a cycle');
  const [cycle, intervention, record, simulations] = await Promise.all([
    stores.cycles.get(cycleId),
    stores.interventions.get(subjectId),
    records.get('interventions', subjectId),
    stores.simulations.list(cycleId),
  ]);
  const simulation = simulations.find(({ interventionId }) => interventionId === subjectId);
  if (simulation === undefined) throw new DomainError('not_found', `no replay of ${subjectId} is planned`);
  const target = targets.get(cycle.request.target).describe;
  return {
    proposed: simulationAction(simulation, intervention, target),
    shown: {
      kind: 'simulation',
      simulation_id: simulation.id,
      intervention_id: subjectId,
      name: intervention.name,
      description: intervention.description,
      pairs_requested: simulation.pairsRequested,
      target: target.name,
      model: target.model,
      patch: record?.['patch'],
      configuration: configurationChange(target.configuration, intervention.patch),
    },
    failureId: intervention.failureId,
    interventionId: subjectId,
  };
}

const DeploymentDetails = z.object({ watch_replays: z.number(), watch_ms: z.number() });

async function deploymentNow(deps: ReviewDeps, { subjectId, details }: StoredApproval): Promise<ActionNow> {
  const { stores, targets, records } = deps;
  const plan = DeploymentDetails.parse(details);
  const deployment = await stores.deployments.get(subjectId);
  const candidate = await stores.deployments.candidate(deployment.interventionId);
  const record = await records.get('deployments', subjectId);
  const target = targets.get(deployment.target).describe;
  const { intervention } = candidate;
  return {
    proposed: await deploymentAction(deps, deployment, candidate, {
      watchReplays: plan.watch_replays,
      watchMs: plan.watch_ms,
    }),
    shown: {
      kind: 'deployment',
      deployment_id: subjectId,
      intervention_id: intervention.id,
      simulation_id: deployment.simulationId,
      name: intervention.name,
      description: intervention.description,
      channel: deployment.channel,
      override_reason: deployment.overrideReason,
      target: target.name,
      model: target.model,
      patch: record?.['patch'],
      configuration: configurationChange(target.configuration, deployment.patch),
      ...plan,
    },
    failureId: intervention.failureId,
    interventionId: intervention.id,
  };
}

const TransitionDetails = z.object({
  from_mode: z.enum(MODES),
  from_version: z.number(),
  to_mode: z.enum(MODES),
  reason: z.string().nullable(),
});

async function transitionNow(
  { stores }: ReviewDeps,
  { subjectId, details }: StoredApproval,
): Promise<ActionNow> {
  const asked = TransitionDetails.parse(details);
  const now = await stores.mode.current();
  const { to_mode: to, reason: comment } = asked;
  return {
    proposed: transitionAction({ transitionId: subjectId, to, comment }, now),
    shown: { kind: 'mode_transition', ...asked },
  };
}

async function toolCallNow({ stores }: ReviewDeps, { subjectId }: StoredApproval): Promise<ActionNow> {
  const execution = await stores.toolExecutions.get(subjectId);
  const { tool, riskLevel, description, requestedBy, reversible, rollbackOf } = execution;
  return {
    proposed: toolAction(execution),
    shown: {
      kind: 'tool_call',
      execution_id: subjectId,
      tool,
      risk_level: riskLevel,
      arguments: execution.arguments,
      description,
      requested_by: requestedBy,
      reversible,
      rollback_of: rollbackOf,
    },
  };
}
