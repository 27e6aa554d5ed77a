import * as wf from '@temporalio/workflow';
import type { DeploymentInput } from '../../activities/contract';
import { deploymentProgressUpdate, deploymentQuery, withdrawDeploymentSignal } from '../messages';
import type { DeploymentProgress } from '../messages';
import { witnessed } from './activities';
import { ApprovalDesk } from './approval-desk';

/** What a deployment tells and is told: its progress, its question, and that it was taken back. */
export class DeploymentDesk {
  readonly approvals: ApprovalDesk;
  progress: DeploymentProgress;
  /** It was taken back: nothing is to be watched any more. */
  withdrawn = false;

  constructor({ deploymentId }: DeploymentInput) {
    this.progress = { deploymentId, state: 'checking', message: 'what bars it is being checked' };
    this.approvals = new ApprovalDesk(witnessed.recordApproval, () => {
      const waiting = this.approvals.list().find(({ state }) => state === 'pending');
      if (waiting === undefined) return;
      this.show({ state: 'waiting', message: 'waits for a person', approvalId: waiting.id });
    });
    wf.setHandler(deploymentQuery, () => this.progress);
    wf.setHandler(deploymentProgressUpdate, async () => {
      await wf.condition(() => this.progress.state !== 'checking');
      return this.progress;
    });
    wf.setHandler(withdrawDeploymentSignal, () => void (this.withdrawn = true));
  }

  show(next: Omit<DeploymentProgress, 'deploymentId'>): void {
    const { deploymentId } = this.progress;
    this.progress = { deploymentId, ...next };
    wf.log.info('deployment', { deployment_id: deploymentId, ...next });
    wf.setCurrentDetails(`**${next.state.replaceAll('_', ' ')}**\n\n${next.message}`);
  }

  /** Waits until a moment of the workflow's clock, or until the deployment is taken back. */
  async wokenAt(timeMs: number, summary: string): Promise<void> {
    const remainingMs = timeMs - Date.now();
    if (remainingMs > 0) await wf.condition(() => this.withdrawn, remainingMs, { summary });
  }
}
