import type { Mode } from '../src/domain/mode';
import type { Activities } from './contract';
import type { ActivityDeps } from './deps';

/** Judges a decision by what holds now, and writes it down. */
export function recordApproval(deps: ActivityDeps): Activities['recordApproval'] {
  return async (offered) => {
    const { mode } = await deps.stores.mode.current();
    const requireComment = (asked: Mode): boolean => deps.settingsFor(asked).approval.requireComment;
    return deps.stores.approvals.record(offered, { mode, requireComment });
  };
}
