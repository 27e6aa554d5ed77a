import type { FailureState, Novelty } from '../domain/failure';
import type { Evidence } from '../domain/experiment';
import type { ReportPeriod } from '../domain/report';
import type { OpenSeverity } from '../domain/report-risk';
import type { Severity } from '../domain/severity';
import type { SimulationResult } from '../domain/simulation';
import type { FailureType } from '../domain/taxonomy';
import type { FollowUpReport } from '../domain/trigger-report';

/** Rows that are shown, and how many there are in all. */
export interface Listed<T> {
  readonly rows: readonly T[];
  readonly total: number;
}

/** How many there are of each name. */
export type Counts = Readonly<Record<string, number>>;

/** A failure in one line. */
export interface FailureLine {
  readonly id: string;
  readonly cycleId: string;
  readonly target: string;
  readonly failureClass: string;
  readonly failureType: FailureType;
  readonly severity: Severity;
  readonly trigger: string;
  readonly state: FailureState;
  readonly novelty: Novelty;
  readonly failedRuns: number;
  readonly assessedRuns: number;
  readonly low: number;
  readonly high: number;
  readonly createdAt: Date;
}

/** Decisions of one kind; times are from the question to the answer, in seconds. */
export interface DecisionFigures {
  readonly decision: string;
  /** update | signal | policy | deadline | cycle | mode */
  readonly via: string;
  readonly count: number;
  readonly medianSeconds: number;
  readonly p90Seconds: number;
}

export interface BudgetLine {
  readonly scope: string;
  readonly period: string;
  readonly periodStart: Date;
  /** As it is now; null: no limit. */
  readonly limitMicroUsd: number | null;
  readonly hardLimit: boolean;
  readonly settledMicroUsd: number;
  readonly reservedMicroUsd: number;
  readonly overrun: boolean;
}

/** One day or week. */
export interface TrendPoint {
  /** Its first day, `YYYY-MM-DD`. */
  readonly column: string;
  /** `S0` … `S4` · `cycles` · `spent_micro_usd` · `approved`, `rejected`, `expired`, `cancelled`. */
  readonly what: string;
  readonly amount: number;
}

export interface ExecutiveData {
  readonly cyclesByState: Counts;
  readonly experimentsByState: Counts;
  readonly runsByOutcome: Counts;
  readonly failures: readonly {
    readonly severity: Severity;
    readonly state: FailureState;
    readonly count: number;
  }[];
  readonly failuresByNovelty: Counts;
  /** Failures that are open now, by severity, each signature once on each target. */
  readonly open: readonly OpenSeverity[];
  /** The worst of these. */
  readonly worst: readonly FailureLine[];
  readonly simulationsByVerdict: Counts;
  readonly deploymentsPublished: Counts;
  readonly deploymentsRolledBack: number;
  readonly approvalsRequested: number;
  readonly approvalsPending: number;
  readonly decisions: readonly DecisionFigures[];
  readonly spent: readonly {
    readonly source: string;
    readonly settledMicroUsd: number;
    /** The part of it whose bill never came, at its upper bound. */
    readonly unknownMicroUsd: number;
    readonly calls: number;
  }[];
  readonly budgets: Listed<BudgetLine>;
  readonly trend: readonly TrendPoint[];
}

/** A failure with what shows it and what was tried against it. */
export interface FailureDetail extends FailureLine {
  readonly severityReason: string;
  readonly description: string;
  readonly rootCause: string;
  readonly impactReason: string;
  readonly assessedBy: string;
  readonly evidence: readonly Evidence[];
  /** The first runs that show it. */
  readonly runIds: readonly string[];
  readonly followUp: FollowUpReport | null;
}

export interface InterventionLine {
  readonly id: string;
  readonly failureId: string;
  readonly simulationId: string | null;
  readonly type: string;
  readonly name: string;
  readonly riskTier: string;
  /** What its latest replay showed; null while there is none that ended. */
  readonly result: Pick<SimulationResult, 'verdict' | 'reason' | 'failing' | 'controls'> | null;
  /** The replay's state, where it has no result. */
  readonly simulationState: string | null;
}

export interface FailurePattern {
  readonly failureType: string;
  readonly failureClass: string;
  readonly count: number;
  readonly open: number;
  readonly worst: Severity;
  readonly targets: number;
  readonly failedRuns: number;
  readonly assessedRuns: number;
}

export interface TechnicalData {
  readonly runsByOutcome: Counts;
  /** Why runs could not be assessed. */
  readonly unassessedByReason: Counts;
  readonly failuresBySeverity: Counts;
  readonly failuresByNovelty: Counts;
  readonly patterns: Listed<FailurePattern>;
  /** The worst in full. */
  readonly details: Listed<FailureDetail>;
  /** All in one line each. */
  readonly lines: Listed<FailureLine>;
  /** Of the failures in full. */
  readonly detailInterventions: readonly InterventionLine[];
  readonly interventions: Listed<InterventionLine>;
  readonly simulationsByVerdict: Counts;
  readonly trend: readonly TrendPoint[];
}

export interface ApprovalLine {
  readonly id: string;
  readonly actionType: string;
  readonly description: string;
  readonly riskTier: string;
  readonly severity: string;
  readonly mode: string;
  readonly policyVersion: string;
  readonly requestedBy: string;
  readonly state: string;
  readonly decidedBy: string | null;
  readonly provenBy: string | null;
  readonly via: string | null;
  readonly reason: string | null;
  readonly createdAt: Date;
  readonly deadlineAt: Date | null;
  readonly decidedAt: Date | null;
}

export interface TransitionLine {
  readonly id: string;
  readonly fromMode: string | null;
  readonly toMode: string;
  readonly version: number;
  readonly requestedBy: string;
  readonly reason: string | null;
  readonly emergency: boolean;
  readonly approvalId: string | null;
  readonly createdAt: Date;
}

export interface ToolExecutionLine {
  readonly id: string;
  readonly toolName: string;
  readonly riskLevel: string;
  readonly mode: string | null;
  readonly status: string;
  readonly requestedBy: string;
  readonly approvalId: string | null;
  readonly argumentsDigest: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

export interface DeploymentLine {
  readonly id: string;
  readonly interventionId: string;
  readonly channel: string;
  readonly target: string;
  readonly state: string;
  readonly requestedBy: string;
  readonly overrideReason: string | null;
  readonly publishedAt: Date | null;
  readonly endedAt: Date | null;
  readonly endReason: string | null;
}

/** A risk policy by its version, as gates recorded it. */
export interface PolicyLine {
  readonly version: string;
  readonly firstUsed: Date;
  readonly lastUsed: Date;
  readonly assessed: number;
  readonly safe: number;
  readonly review: number;
  readonly block: number;
}

/** What must never be, looked for in the records. */
export interface ComplianceCheck {
  readonly id: string;
  readonly title: string;
  /** What was compared with what. */
  readonly method: string;
  /** Records that were looked at. */
  readonly checked: number;
  /** Of these, violations. */
  readonly violations: number;
  /** The first of them: the record, and what is wrong with it. */
  readonly examples: readonly { readonly record: string; readonly detail: string }[];
}

/** The sealed audit log, recomputed as a whole; not the period alone. */
export interface AuditFindings {
  readonly ok: boolean;
  /** What is wrong, and where; null when all is right. */
  readonly firstBad: string | null;
  /** The last link up to which all is right; null when nothing is sealed. */
  readonly sealed: number | null;
  readonly unsealed: number;
  readonly oldestUnsealed: string | null;
  /** The last place that was anchored outside the database; null without an anchor. */
  readonly anchored: number | null;
  readonly unreadableAnchorLines: number;
}

export interface ComplianceData {
  readonly decisions: readonly DecisionFigures[];
  readonly approvals: Listed<ApprovalLine>;
  readonly transitions: Listed<TransitionLine>;
  readonly toolExecutions: Listed<ToolExecutionLine>;
  readonly deployments: Listed<DeploymentLine>;
  readonly policies: Listed<PolicyLine>;
  readonly eventsByType: Counts;
  readonly checks: readonly ComplianceCheck[];
  readonly audit: AuditFindings;
}

/** What reports are made from: each from one moment of the database, with lists of bounded length. */
export interface ReportSource {
  executive(period: ReportPeriod): Promise<ExecutiveData>;
  technical(period: ReportPeriod): Promise<TechnicalData>;
  compliance(period: ReportPeriod): Promise<ComplianceData>;
}
