import type { Activities } from './contract';
import type { ActivityDeps } from './deps';

/** Whether a cycle of a schedule may start: its target must be configured still, and the budget must have room. */
export function admitScheduledCycle({ schedules, targets }: ActivityDeps): Activities['admitScheduledCycle'] {
  return (offered) => {
    const { target } = offered.request;
    const obstacle = targets.names.includes(target) ? null : `the target ${target} is not configured`;
    return schedules.admit({ ...offered, obstacle });
  };
}
