import { createActivities, createApprovalReview } from '../activities';
import type { ActivityDeps } from '../activities';
import type { Activities } from '../activities/contract';
import { settingsFor } from './config';
import type { Config } from './config';
import { loadLibrary } from './config/families';
import { PolicyHolder } from './config/policy-holder';
import { createDetectionEngines } from './detection/engines';
import { DomainError } from './domain/errors';
import { microOfUsd } from './domain/money';
import { createTraceIntake } from './ingest/intake';
import { redactionRules } from './ingest/redaction-rules';
import { replayCasesOf } from './ingest/replay-cases';
import type { MetricsSources } from './observability/metrics';
import { tracedTargets } from './observability/traced-models';
import { createApiKeys } from './persistence/api-key-store';
import { createApprovalProofs } from './persistence/approval-proofs';
import { loadAuditKey } from './persistence/audit-key';
import { AuditSealer } from './persistence/audit-sealer';
import { createAuditLog } from './persistence/audit-log';
import { createAuditTrail } from './persistence/audit-trail';
import { closeDatabase, openDatabase, poolFigures } from './persistence/client';
import type { PrismaClient } from './persistence/client';
import { createBudgets } from './persistence/budgets';
import { createLedger } from './persistence/ledger';
import { createOutbox } from './persistence/outbox';
import { MigrationError, requireMigrated } from './persistence/migrations';
import { recordId } from './persistence/record-id';
import { createRecords } from './persistence/records';
import { createReportSource } from './persistence/report-source';
import { createScheduleRecords } from './persistence/schedule-records';
import { createStores } from './persistence/stores';
import { createMemoryRecords } from './persistence/memory-records';
import { createTraceRecords } from './persistence/trace-records';
import { createTraceUploadStore } from './persistence/trace-upload-store';
import { policyLoaded } from './policy-audit';
import type { AuditLog, AuditTrail } from './ports/audit';
import type { ApiKeys, ApprovalProofs } from './ports/access';
import type { ApprovalReview } from './ports/approval-review';
import type { Budgets } from './ports/budgets';
import type { DeploymentGateway } from './ports/deployment-gateway';
import type { Ledger } from './ports/ledger';
import type { Llm } from './ports/llm';
import type { Metrics, PoolFigures } from './ports/metrics';
import type { Outbox } from './ports/outbox';
import type { Records } from './ports/records';
import type { Reports } from './ports/reports';
import type { ReportSource } from './ports/report-source';
import type { ScheduleRecords } from './ports/schedules';
import type { Stores } from './ports/stores';
import type { TargetDirectory } from './ports/target';
import type { TraceIntake } from './ports/trace-intake';
import type { MemoryRecords } from './ports/memory-records';
import type { TraceRecords } from './ports/trace-records';
import type { TraceUploadStore } from './ports/trace-uploads';
import type { ExperimentLibrary } from './researcher/library';
import { createReports } from './reports';
import { maxAnswerTokensOf, researcherModel } from './researcher-model';
import { createTargetDirectory } from './targets';
import { createTools, type ToolRegistry } from './tools';
import { VERSION } from './version';

/** Connections of one process: a few activities at once, each with one statement under way. */
const POOL_SIZE = 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The adapters of one process, joined to ports. The only place that knows both. */
export interface Container {
  readonly prisma: PrismaClient;
  readonly pool: () => PoolFigures;
  readonly stores: Stores;
  readonly records: Records;
  readonly reportSource: ReportSource;
  readonly reports: Reports;
  readonly review: ApprovalReview;
  readonly keys: ApiKeys;
  readonly proofs: ApprovalProofs;
  readonly ledger: Ledger;
  readonly budgets: Budgets;
  readonly schedules: ScheduleRecords;
  readonly targets: TargetDirectory;
  readonly llm: Llm | undefined;
  /** The experiment families of this package and the user's own. */
  readonly library: ExperimentLibrary;
  readonly policy: PolicyHolder;
  readonly audit: AuditTrail;
  readonly auditLog: AuditLog;
  readonly outbox: Outbox;
  readonly memory: MemoryRecords;
  /** Traces in and out. */
  readonly traces: {
    readonly intake: TraceIntake;
    readonly uploads: TraceUploadStore;
    readonly records: TraceRecords;
  };
  readonly tools: ToolRegistry;
  /** Where the tools find it, once there is one. */
  readonly reach: { deployments?: DeploymentGateway };
  /** Appends what is not sealed yet to the audit chain, and anchors its head. */
  sealAudit(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the database and builds what stands on it.
 * @throws {ConfigError} for a risk policy or family files with mistakes; {MigrationError} when the schema is not that of this version; {DomainError} `invalid_configuration`.
 */
export async function openContainer(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Container> {
  const { databaseUrl } = config;
  if (databaseUrl === undefined) {
    throw new DomainError('invalid_configuration', 'no database is configured; set TINMAN_DATABASE_URL');
  }
  const policy = new PolicyHolder(config.riskPolicy);
  const library = loadLibrary(createDetectionEngines(), config.families);
  await requireMigrated(databaseUrl);
  const auditKey = await loadAuditKey(config.audit.keyFile);
  const database = openDatabase(databaseUrl, { poolSize: POOL_SIZE });
  const { prisma } = database;
  const stores = createStores(database);
  const sealer = new AuditSealer(prisma, auditKey, config.audit.anchorFile);
  await stores.mode.initialise(config.initialMode, 'configuration');
  const audit = createAuditTrail(prisma);
  await audit.append([policyLoaded(policy)]);
  const reach: Container['reach'] = {};
  const records = createRecords(prisma);
  const { anchorFile } = config.audit;
  const reportSource = createReportSource(prisma, { key: auditKey, anchorFile });
  const targets = tracedTargets(createTargetDirectory(config.targets, env, config.cost.prices));
  const worstCasePrice = config.cost.worstCase;
  const llm = researcherModel(config);
  const budgets = createBudgets(prisma, config.cost);
  const prices = { worstCasePrice, llm, maxAnswerTokens: maxAnswerTokensOf(config) };
  return {
    prisma,
    pool: () => poolFigures(database.pool),
    stores,
    records,
    reportSource,
    reports: createReports({ source: reportSource, version: VERSION, now: () => new Date() }),
    review: createApprovalReview({ stores, records, targets, ...prices, policy: policy.current }),
    keys: createApiKeys(prisma),
    proofs: createApprovalProofs(prisma),
    ledger: createLedger(prisma, config.cost),
    budgets,
    schedules: createScheduleRecords(prisma, budgets),
    targets,
    llm,
    library,
    policy,
    audit,
    auditLog: createAuditLog(prisma),
    outbox: createOutbox(prisma),
    memory: createMemoryRecords(prisma),
    traces: tracesOf(prisma, stores, config),
    tools: createTools(config.tools, env, {
      schemaViolation: createDetectionEngines().schemaViolation,
      deployments: () => reached(reach),
    }),
    reach,
    sealAudit: () => sealer.seal(),
    close: () => closeDatabase(database),
  };
}

function tracesOf(
  prisma: PrismaClient,
  { traces, mode }: Stores,
  { traces: settings }: Config,
): Container['traces'] {
  const { match } = createDetectionEngines();
  return {
    intake: createTraceIntake({
      traces,
      redaction: redactionRules(settings.redact, match),
      sampleRate: async () => ((await mode.current()).mode === 'shadow' ? settings.shadow.sampleRate : 1),
    }),
    uploads: createTraceUploadStore(prisma),
    records: createTraceRecords(prisma),
  };
}

/** The activities of a worker; `draining` is aborted when it begins to shut down. */
export function activitiesOf(
  container: Omit<Container, 'tools'> & Pick<ActivityDeps, 'tools'>,
  config: Config,
  metrics: Metrics,
  draining: AbortSignal,
): Activities {
  const deps: ActivityDeps = {
    stores: container.stores,
    ledger: container.ledger,
    targets: container.targets,
    engines: createDetectionEngines(),
    policy: container.policy.current,
    draining,
    settingsFor: (mode) => {
      const { experiments, approval } = settingsFor(config, mode);
      const { S0, S1, S2, S3, S4 } = approval.timeouts;
      return {
        maxParallel: experiments.maxParallel,
        executionTimeoutMs: experiments.defaultTimeoutSeconds * 1_000,
        costLimitMicroUsd: microOfUsd(experiments.costLimitUsd),
        followUpCalls: experiments.followUpCalls,
        approval,
        approvalTimeoutMs: { S0: S0 * 1_000, S1: S1 * 1_000, S2: S2 * 1_000, S3: S3 * 1_000, S4: S4 * 1_000 },
      };
    },
    tools: container.tools,
    migrationProblem: () => migrationProblem(config),
    watch: {
      watchMs: config.deployment.watchHours * HOUR_MS,
      watchReplays: config.deployment.watchReplays,
    },
    worstCasePrice: config.cost.worstCase,
    schedules: container.schedules,
    traces: {
      ...container.traces,
      bufferMs: config.traces.shadow.replayBufferDays * DAY_MS,
      replayCases: (failure, limit) => replayCasesOf(container.stores.traces, failure, limit),
    },
    library: container.library,
    llm: container.llm,
    maxAnswerTokens: maxAnswerTokensOf(config),
    recordId,
    onModelCall: ({ model, status, latencyMs }) =>
      metrics.observeLlm({ model, status, seconds: latencyMs / 1_000 }),
  };
  return createActivities(deps);
}

async function migrationProblem({ databaseUrl }: Config): Promise<string | undefined> {
  try {
    await requireMigrated(databaseUrl ?? '');
    return undefined;
  } catch (error) {
    if (error instanceof MigrationError && error.kind !== 'unreachable') return error.message;
    throw error;
  }
}

function reached({ deployments }: Container['reach']): DeploymentGateway {
  if (deployments === undefined) throw new DomainError('not_ready', 'Temporal is not connected yet');
  return deployments;
}

/** What the metrics of a process show of it. */
export function measuredOf(container: Container): MetricsSources {
  const { records, stores, budgets, targets, llm, pool } = container;
  return {
    effects: () => records.effects(),
    mode: async () => (await stores.mode.current()).mode,
    budgets: () => budgets.statusOf(budgets.configured),
    models: [
      ...(llm === undefined ? [] : [{ source: 'researcher' as const, model: llm.model }]),
      ...targets.names.map((name) => ({
        source: 'target' as const,
        model: targets.get(name).describe.model,
      })),
    ],
    pool,
  };
}
