import type { RiskPolicy } from '../domain/risk';
import type { AuditLog } from '../ports/audit';
import type { Budgets } from '../ports/budgets';
import type { ApiKeys, ApprovalProofs } from '../ports/access';
import type { ApprovalReview } from '../ports/approval-review';
import type { ApprovalGateway, CycleGateway } from '../ports/cycle-gateway';
import type { DeploymentGateway } from '../ports/deployment-gateway';
import type { Discussions } from '../ports/discussions';
import type { HealthProbes } from '../ports/health';
import type { Logger } from '../ports/logger';
import type { Metrics } from '../ports/metrics';
import type { ModeGateway } from '../ports/mode-gateway';
import type { FailureStore, ModeStore } from '../ports/stores';
import type { Records } from '../ports/records';
import type { Reports } from '../ports/reports';
import type { ScheduleGateway } from '../ports/schedules';
import type { TargetDirectory } from '../ports/target';
import type { ToolDirectory, ToolGateway } from '../ports/tool';
import type { TraceIntake } from '../ports/trace-intake';
import type { MemoryRecords } from '../ports/memory-records';
import type { TraceRecords } from '../ports/trace-records';
import type { TraceUploads } from '../ports/trace-uploads';

/** Everything the API stands on. */
export interface ApiDeps {
  readonly cycles: CycleGateway;
  readonly approvals: ApprovalGateway;
  readonly review: ApprovalReview;
  readonly records: Records;
  readonly reports: Reports;
  readonly deployments: DeploymentGateway;
  readonly discussions: Discussions;
  readonly schedules: ScheduleGateway;
  readonly failures: Pick<FailureStore, 'resolve' | 'reopen'>;
  readonly audit: AuditLog;
  readonly budgets: Budgets;
  readonly mode: Pick<ModeStore, 'current' | 'waiting' | 'history'>;
  readonly modes: Pick<ModeGateway, 'request'>;
  /** The risk policy in force now, and the name of its file. */
  readonly policy: { readonly current: () => RiskPolicy; readonly file: string };
  readonly access: {
    readonly keys: Pick<ApiKeys, 'exist' | 'principalOf'>;
    readonly proofs: ApprovalProofs;
    /** Whether requests without a key are answered while there is none: only where none but this machine can ask. */
    readonly keyless: boolean;
    /** Of one key, or of one address without a key. */
    readonly requestsPerMinute: number;
    /** Origins whose pages may use the API from a browser. */
    readonly corsOrigins: readonly string[];
  };
  readonly traces: {
    readonly intake: TraceIntake;
    readonly uploads: TraceUploads;
    readonly records: TraceRecords;
  };
  readonly memory: MemoryRecords;
  readonly tools: ToolDirectory;
  readonly toolCalls: Pick<ToolGateway, 'execute' | 'rollback'>;
  readonly targets: TargetDirectory;
  /** The target of a cycle whose request names none. */
  readonly defaultTarget: string;
  readonly health: HealthProbes;
  readonly metrics: Pick<Metrics, 'render' | 'observeHttp'>;
  readonly identity: { readonly version: string; readonly sessionId: string; readonly startedAt: Date };
  readonly logger: Logger;
}
