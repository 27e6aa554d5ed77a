import type { ApprovalGateway, CycleGateway } from '../ports/cycle-gateway';
import type { HealthProbes } from '../ports/health';
import type { Logger } from '../ports/logger';
import type { Metrics } from '../ports/metrics';
import type { ModeStore } from '../ports/stores';
import type { Records } from '../ports/records';
import type { TargetDirectory } from '../ports/target';

/** Everything the API stands on. */
export interface ApiDeps {
  readonly cycles: CycleGateway;
  readonly approvals: ApprovalGateway;
  readonly records: Records;
  readonly mode: Pick<ModeStore, 'current'>;
  readonly targets: TargetDirectory;
  /** The target of a cycle whose request names none. */
  readonly defaultTarget: string;
  readonly health: HealthProbes;
  readonly metrics: Pick<Metrics, 'render' | 'observeHttp'>;
  readonly identity: { readonly version: string; readonly sessionId: string; readonly startedAt: Date };
  readonly logger: Logger;
}
