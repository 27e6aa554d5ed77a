import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApprovalDecision, ApprovalState, DecidedApproval } from '../src/domain/approval';
import type { CyclePhase, CycleState, EndedCycleState } from '../src/domain/cycle';

/** An update, not a signal: the approver must learn at once whether the decision was accepted. */
export const decideApprovalUpdate = defineUpdate<DecidedApproval, [ApprovalDecision]>('decideApproval');
/** The same payload, for `temporal workflow signal` and the Web UI; recorded as unproven. */
export const decideApprovalSignal = defineSignal<[ApprovalDecision]>('decideApproval');
export const pauseCycleSignal = defineSignal('pauseCycle');
export const resumeCycleSignal = defineSignal('resumeCycle');

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
