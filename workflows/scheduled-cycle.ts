import * as wf from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import { cycleHeading } from '../src/domain/cycle-heading';
import type { ScheduledCycleInput } from '../src/domain/schedule';
import type { CycleOutcome } from './messages';
import { researchCycle } from './research-cycle';
import { quick } from './support/activities';

const TARGET = defineSearchAttributeKey('TinmanTarget', 'KEYWORD');
const FOCUS = defineSearchAttributeKey('TinmanFocus', 'KEYWORD');

/**
 * What a schedule starts, with the same input every time: a new cycle, like one that the API starts, under an id of its
 * own. It lasts as long as the cycle does, so that the overlap policy of the schedule holds for cycles.
 */
export async function scheduledCycle({
  request,
  requestedBy,
  requestHash,
  showsFocus,
}: ScheduledCycleInput): Promise<Pick<CycleOutcome, 'cycleId' | 'state'> | { readonly skipped: string }> {
  const cycleId = wf.uuid4();
  const { workflowId } = wf.workflowInfo();
  const skipped = await quick.admitScheduledCycle({ cycleId, workflowId, request });
  if (skipped !== null) {
    wf.log.info('a cycle of a schedule was skipped', { schedule_id: request.schedule.id, reason: skipped });
    wf.setCurrentDetails(`**skipped**\n\n${skipped}`);
    return { skipped };
  }
  wf.setCurrentDetails(`**started**\n\ncycle \`${cycleId}\``);
  const heading = cycleHeading({ cycleId, request });
  const { state } = await wf.executeChild(researchCycle, {
    workflowId: heading.workflowId,
    args: [{ cycleId, request, requestedBy, requestHash }],
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: heading.summary,
    staticDetails: heading.details,
    typedSearchAttributes: [
      { key: TARGET, value: request.target },
      ...(showsFocus ? [{ key: FOCUS, value: heading.topic }] : []),
    ],
  });
  return { cycleId, state };
}
