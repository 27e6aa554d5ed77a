import * as wf from '@temporalio/workflow';
import type { ActionOrigin, DecidedApproval, GateVerdict, ProposedAction } from '../../src/domain/approval';
import type { Mode } from '../../src/domain/mode';
import { quick } from './activities';
import type { ApprovalDesk } from './approval-desk';

/** How an action came through the gate. */
export interface Passage {
  readonly verdict: GateVerdict;
  /** What a person, the deadline or the end of the workflow said; undefined where nobody was asked. */
  readonly decided: DecidedApproval | undefined;
  readonly passed: boolean;
  /** Why not, for people; or which rule let it pass. */
  readonly reason: string;
}

/**
 * Brings one action of a workflow to the gate, and waits for a person where one is needed. It is assessed in the stricter
 * of the mode now and `atLeast`.
 */
export async function passGate(
  desk: ApprovalDesk,
  asked: {
    readonly cycleId: string | null;
    readonly requestedBy: string;
    readonly atLeast: Mode;
    readonly action: Omit<ProposedAction, 'approvalId'>;
  },
): Promise<Passage> {
  const { cycleId, requestedBy, atLeast } = asked;
  const action = { ...asked.action, approvalId: wf.uuid4() };
  const origin: ActionOrigin = { cycleId, workflowId: wf.workflowInfo().workflowId, requestedBy };
  desk.announce(action.approvalId, action.description);
  const [verdict] = await quick.assessActions({ origin, startMode: atLeast, actions: [action] });
  if (verdict === undefined) throw wf.ApplicationFailure.nonRetryable(`no verdict for ${action.approvalId}`);
  const decided = await desk.settle(verdict);
  if (verdict.outcome === 'refused') return { verdict, decided, passed: false, reason: verdict.reason };
  if (decided === undefined) return { verdict, decided, passed: true, reason: verdict.reason };
  return {
    verdict,
    decided,
    passed: decided.state === 'approved',
    reason: decided.reason ?? `${decided.state} by ${decided.provenBy ?? decided.decidedBy ?? 'nobody'}`,
  };
}
