import type { TinmanOptions } from './library/options';
import type { Tinman } from './library/tinman';

/**
 * Makes a Tinman in this process. PostgreSQL and a Temporal dev server are started on this machine where none is
 * configured, with their data in `home`; `close()` stops them again. It handles no signals and writes nothing to standard
 * output.
 * @throws {ConfigError} with every mistake of the configuration; {MigrationError} when a configured database has not the
 * tables of this version; {DomainError} `not_ready` when Temporal does not answer; {HomeInUse} when another process
 * has its database in `home`.
 */
export async function createTinman(options: TinmanOptions = {}): Promise<Tinman> {
  const { openTinman } = await import('./library/tinman.js');
  return openTinman(options);
}

export type { Tinman } from './library/tinman';
export type { TinmanOptions } from './library/options';
export type { CycleHandle, CycleResult, ResearchRequest } from './library/cycles';
export { CostTracker } from './library/cost-tracker';
export type { BudgetConfig, Cost, CostReservation, CostSummary } from './library/cost-tracker';
export { BUDGET_PERIODS, BudgetExceededError } from './domain/budget';
export type { BudgetPeriod } from './domain/budget';
export type { AuditLogger, AuditQuery } from './library/audit-logger';
export { AUDIT_EVENT_TYPES } from './domain/audit-events';
export type { AuditEventType } from './domain/audit-events';
export type { AuditEntry } from './ports/audit';
export type { GuardedCall, ToolOptions, ToolRegistry } from './library/tools';
export { guardedCall } from './library/guarded-call';
export { TOOL_RISK_LEVELS } from './domain/tool';
export type { ToolDescription, ToolRiskLevel } from './domain/tool';
export type { ToolContext } from './ports/tool';
export type { MemoryGraph, Neighbour } from './library/graph';
export {
  ComplianceReport,
  ExecutiveSummaryReport,
  exportReport,
  ReportFormat,
  TechnicalAnalysisReport,
} from './library/reports';
export type { ReportedPeriod } from './library/reports';
export type { Citation, DiscussionAnswer } from './ports/discussions';
export type { RecordedAttempt, SupportedSentence } from './domain/discussion';
export type {
  Report,
  ReportBlock,
  ReportCell,
  ReportChart,
  ReportColumn,
  ReportEvidence,
  ReportFigure,
  ReportFigures,
  ReportFinding,
  ReportFindings,
  ReportPeriod,
  ReportSection,
  ReportSeries,
  ReportTable,
  ReportText,
  ReportTone,
  ReportType,
  ReportUnit,
} from './domain/report';
export type { ApprovalDetail, Approvals, PendingApproval, RecordLists } from './library/records';
export type { ApiRecord, ListQuery, Page, Resource } from './ports/records';
export { RESOURCES } from './ports/records';

export { CYCLE_PHASES, CYCLE_REQUEST_LIMITS, CYCLE_STATES } from './domain/cycle';
export type { CyclePhase, CycleProgress } from './domain/cycle';
export { MODES, runsPermitted, stricterMode } from './domain/mode';
export type { Mode } from './domain/mode';
export { SEVERITIES, severityRank } from './domain/severity';
export type { Severity } from './domain/severity';
export { gradeSeverity } from './domain/severity-grade';
export type { GradedFailure, SeverityGrade } from './domain/severity-grade';
export { classOf, defaultSeverityOf, FAILURE_CLASSES, FAILURE_TYPES, TAXONOMY } from './domain/taxonomy';
export type { FailureClass, FailureType } from './domain/taxonomy';
export type { DecidedApproval } from './domain/approval';
export type { EdgeKind, MemoryEdge, MemoryNode, NodeKind } from './domain/memory';

export { DEFAULT_POLICY, loadRiskPolicy } from './config/risk-policy';
export type { PolicySource } from './config/risk-policy';
export { ACTION_TYPES, assessRisk, RISK_TIERS } from './domain/risk';
export type { ActionType, RiskAssessment, RiskPolicy, RiskTier, RiskyAction } from './domain/risk';

export { createDetectionEngines } from './detection/engines';
export { detect, judgeRun, validateDetector } from './domain/detect';
export type { Detection, DetectionContext, DetectionEngines } from './domain/detection';
export type { Detector } from './domain/detector';
export type { Evidence, RunOutcome, TestCase, Transcript, Verdict } from './domain/experiment';
export type { ChatMessage, ChatReply, ChatRequest, ToolCall, ToolDefinition } from './domain/chat';

export { applyInterventions, applyPatch, INTERVENTION_TYPES } from './domain/intervention';
export type { Patch } from './domain/intervention';
export type { GuardrailRule, RetrievalSettings, TargetConfiguration, ToolPolicyRule } from './domain/target';
export { applyInputGuardrails, applyOutputGuardrails, judgeToolCall } from './domain/guardrails';
export { guardReply, guardTurns } from './domain/guarded-exchange';
export type { GuardedReply, GuardedTurns, JudgedCall, SaidMessage } from './domain/guarded-exchange';

export { Guard } from './embedding/guard';
export { GUARD_EVENT_KINDS } from './embedding/guard-options';
export type {
  GuardEvent,
  GuardHooks,
  GuardOptions,
  InterventionSource,
  LiveIntervention,
} from './embedding/guard-options';
export { guardOpenAI } from './embedding/openai-client';
export { guardAnthropic } from './embedding/anthropic-client';
export { guardChat } from './embedding/chat-client';
export type { Chat } from './embedding/chat-client';
export type { ClientDialect } from './embedding/dialect';
export { openActiveInterventions } from './embedding/active-interventions';
export type { ActiveInterventions, ActiveInterventionsOptions } from './embedding/active-interventions';

export {
  believedRate,
  beliefFrom,
  clopperPearsonInterval,
  correctedRate,
  credibleInterval,
  exactHarm,
  holmAdjusted,
  JEFFREYS,
  mcnemarExact,
  mcnemarMidP,
  newcombePairedDifference,
  pairedPower,
  pairsForPower,
  passAtK,
  passHatK,
  ratePower,
  rateOf,
  runsForPower,
  sequentialOperation,
  sequentialVerdict,
  sharedLevel,
  wilsonInterval,
} from './domain/statistics';
export type {
  Belief,
  CorrectedRate,
  Interval,
  JudgeRecord,
  Observation,
  PairedEffect,
  PairTable,
  RateEffect,
  SampleSize,
  SequentialOperation,
  SequentialPlan,
  SequentialVerdict,
  Share,
} from './domain/statistics';
export type { Rate } from './domain/failure';

export { ConfigError } from './config/mistakes';
export { DOMAIN_ERROR_CODES, DomainError } from './domain/errors';
export type { DomainErrorCode } from './domain/errors';
export { HomeInUse } from './embedded/supervisor-lock';
export { MigrationError } from './persistence/migrations';

export { startMetricsServer } from './library/metrics-server';
export { getLogger } from './library/logger';
export type { ComponentLogger } from './library/logger';
export type { Logger } from './ports/logger';
export { VERSION } from './version';

export { DatadogAdapter, JSONAdapter, OTLPAdapter, XRayAdapter } from './ingest/adapters';
export { parseTraces, readTraceDocument } from './ingest/parse-traces';
export type { ParsedTraces } from './ingest/parse-traces';
export { SPAN_KINDS, SPAN_STATUSES, Trace, TRACE_FORMATS } from './domain/trace';
export type { Attributes, AttributeValue, RejectedSpan, Span, TraceFormat } from './domain/trace';
