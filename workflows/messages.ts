import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApprovalDecision, ApprovalState, DecidedApproval } from '../src/domain/approval';
import type { DeploymentState } from '../src/domain/deployment';
import type { DomainErrorCode } from '../src/domain/errors';
import type { Mode } from '../src/domain/mode';
import type { CyclePhase, CycleState, EndedCycleState } from '../src/domain/cycle';

/** An update, not a signal: the approver must learn at once whether the decision was accepted. */
export const decideApprovalUpdate = defineUpdate<DecidedApproval, [ApprovalDecision]>('decideApproval');
/** The same payload, for `temporal workflow signal` and the Web UI; recorded as unproven. */
export const decideApprovalSignal = defineSignal<[ApprovalDecision]>('decideApproval');
export const pauseCycleSignal = defineSignal('pauseCycle');
export const resumeCycleSignal = defineSignal('resumeCycle');

/** How far a change of mode is. */
export interface TransitionProgress {
  readonly state: 'checking' | 'waiting' | 'done' | 'refused';
  /** Absent until it was read. */
  readonly from?: Mode;
  readonly to: Mode;
  readonly message: string;
  /** While it waits. */
  readonly approvalId?: string;
}
/** Answers once the transition waits or has ended. */
export const transitionProgressUpdate = defineUpdate<TransitionProgress>('transitionProgress');
export const transitionQuery = defineQuery<TransitionProgress>('status');
/** The mode was rolled back: a transition that waits gives up. */
export const supersedeTransitionSignal = defineSignal('supersedeTransition');

/** How far a deployment is. */
export interface DeploymentProgress {
  readonly deploymentId: string;
  readonly state: 'checking' | 'waiting' | DeploymentState;
  readonly message: string;
  /** Why it was refused. */
  readonly code?: DomainErrorCode;
  /** While it waits. */
  readonly approvalId?: string;
}
/** Answers once the deployment waits for a person or has ended. */
export const deploymentProgressUpdate = defineUpdate<DeploymentProgress>('deploymentProgress');
export const deploymentQuery = defineQuery<DeploymentProgress>('status');
/** It was taken back: its watch ends. */
export const withdrawDeploymentSignal = defineSignal('withdrawDeployment');

/** How far a call of a tool is. */
export interface ToolProgress {
  readonly state: 'assessing' | 'waiting' | 'running' | 'ended';
  readonly message: string;
  /** While it waits. */
  readonly approvalId?: string;
  /** True when the policy refused it. */
  readonly blocked?: boolean;
}
/** Answers once the call waits for a person or has ended. */
export const toolProgressUpdate = defineUpdate<ToolProgress>('toolProgress');
export const toolProgressQuery = defineQuery<ToolProgress>('status');

/** What the workflow itself knows, for the Web UI's query tab and live detail views. */
export interface CycleStatus {
  readonly cycleId: string;
  readonly state: CycleState;
  readonly phase: CyclePhase;
  readonly paused: boolean;
  readonly hypotheses: number;
  readonly experiments: { readonly total: number; readonly ended: number };
  readonly failures: number;
  readonly simulations: { readonly total: number; readonly ended: number };
  readonly approvals: readonly {
    readonly id: string;
    readonly state: ApprovalState | 'assessing';
    readonly description: string;
  }[];
}
export const statusQuery = defineQuery<CycleStatus>('status');

export interface CycleOutcome {
  readonly cycleId: string;
  readonly state: EndedCycleState;
  readonly hypotheses: number;
  readonly experiments: number;
  readonly failures: number;
  readonly simulations: number;
}
