import { startBackend, type Backend } from '../backend';
import { createDetectionEngines } from '../detection/engines';
import type { JsonValue } from '../domain/chat';
import type { ToolDescription } from '../domain/tool';
import { ToolRegistry as Registry } from '../tools';
import { libraryTools, type GuardedCall, type ToolRegistry } from './tools';
import { Closers } from '../closers';
import type { Config } from '../config';
import { readEnvFile, withEnvFile } from '../config/env-file';
import { startLocalServices } from '../embedded/local-services';
import { superviseParts } from '../embedded/supervised-parts';
import { createLogger } from '../observability/logger';
import { migrateDeploy } from '../persistence/migrations';
import type { DiscussionAnswer } from '../ports/discussions';
import type { Logger } from '../ports/logger';
import type { MemoryRecords } from '../ports/memory-records';
import type { Metrics } from '../ports/metrics';
import { prepareRuntime } from '../temporal/runtime';
import { auditLogger, type AuditLogger } from './audit-logger';
import { CostTracker } from './cost-tracker';
import { findCycle, startCycle, type CycleHandle, type CycleResult, type ResearchRequest } from './cycles';
import { discuss } from './discuss';
import { memoryGraph, type MemoryGraph } from './graph';
import { readOptions, type TinmanOptions } from './options';
import { reportedOn } from './reports';
import { approvalsOf, recordLists, type Approvals, type RecordLists } from './records';

/** A Tinman in this process: its worker runs here, on the database and the Temporal that were configured or started. */
export interface Tinman {
  /**
   * Runs a research cycle to its end.
   * @throws {RangeError} naming what is wrong with the request; {DomainError} `unknown_target`; what `result` throws.
   */
  researchCycle(request?: ResearchRequest): Promise<CycleResult>;
  /** Starts a research cycle. @throws {RangeError} naming what is wrong with the request; {DomainError} `unknown_target`. */
  startCycle(request?: ResearchRequest): Promise<CycleHandle>;
  /** A cycle that was started before, here or elsewhere. @throws {DomainError} `not_found`. */
  cycle(id: string): Promise<CycleHandle>;
  readonly graph: MemoryGraph;
  /** What is remembered, as the API shows it. */
  readonly memory: MemoryRecords;
  readonly records: RecordLists;
  readonly approvals: Approvals;
  /** Costs of this program, on the ledger and under the budget that cycles are paid from. */
  readonly costs: CostTracker;
  /** What was done, by whom and when. */
  readonly audit: AuditLogger;
  /** Functions of this program as tools. */
  readonly tools: ToolRegistry;
  /**
   * Calls a tool behind risk policy and approval, and waits for its end, however long a person takes.
   * @throws {DomainError} `action_blocked` when policy or a person refused it, `tool_failed`, `invalid_arguments`, `not_found`.
   */
  guardedCall(tool: ToolDescription | string, call?: GuardedCall): Promise<JsonValue>;
  /**
   * Answers a question about what was found, from the database and with citations; with a model, paid from the global budget.
   * `session` names one of the conversations of programs, `default` without it.
   * @throws {RangeError} for a message of none or more than 4,000 characters, or a name that is none; {DomainError}
   *   `budget_exceeded`, `model_unavailable`, `unpriced_model`.
   */
  discuss(message: string, session?: string): Promise<DiscussionAnswer>;
  readonly metrics: Pick<Metrics, 'render'>;
  /**
   * Ends what is under way in this process and stops everything that was started for it. Cycles that still run go on
   * where a worker next runs: here when another Tinman is made over the same home.
   * @throws {AggregateError} when something could not be closed in order; the rest is closed nevertheless.
   */
  close(): Promise<void>;
}

/** Starts what is not configured, and a worker. */
export async function openTinman(options: TinmanOptions): Promise<Tinman> {
  // oxlint-disable-next-line node/no-process-env -- an entry like the command line
  const env = withEnvFile(options.env ?? process.env, readEnvFile(process.cwd()));
  const config = readOptions(options, env);
  const log = options.logger ?? createLogger({ level: config.log.level, pretty: false });
  const closers = new Closers();
  try {
    const ready = await withServices(config, env, log, closers);
    prepareRuntime(log);
    const backend = await startBackend({ ...ready, worker: true, log }, closers.add);
    return present(backend, config, closers);
  } catch (error) {
    await closers.close().catch((unclosed: unknown) => log.error({ err: unclosed }, 'closing failed'));
    throw error;
  }
}

/** Configuration and environment with the database and the Temporal that are started here where none is configured. */
async function withServices(
  config: Config,
  env: NodeJS.ProcessEnv,
  logger: Logger,
  closers: Closers,
): Promise<{ readonly config: Config; readonly env: NodeJS.ProcessEnv }> {
  if (config.databaseUrl !== undefined && config.temporal.address !== undefined) return { config, env };
  const log = (line: string) => logger.info({}, line);
  const parts = await superviseParts({ home: config.home, log, signal: new AbortController().signal });
  closers.add(() => parts.stop());
  void parts.failed.then((error) => logger.error({ err: error }, 'a part of Tinman is gone'));
  const { databaseUrl, ownerDatabaseUrl, temporal } = await startLocalServices(parts, { config, env, log });
  if (config.databaseUrl === undefined) await migrateDeploy(ownerDatabaseUrl, databaseUrl);
  return {
    config: { ...config, databaseUrl, temporal: { ...config.temporal, address: temporal.address } },
    env: { ...env, ...temporal.env },
  };
}

function present(backend: Backend, config: Config, closers: Closers): Tinman {
  const { container, cycles, approvals, metrics } = backend;
  const { records, stores } = container;
  const closing = new AbortController();
  const { ledger, budgets } = container;
  const costs = new CostTracker({ ledger, budgets }, { ...config.cost.global, scope: 'global' });
  closers.add(() => costs.settleOpen());
  const own = new Registry(createDetectionEngines().schemaViolation);
  const tools = libraryTools({
    builtIn: container.tools,
    own,
    gateway: backend.toolCalls,
    toolOf: async (executionId) => (await stores.toolExecutions.get(executionId)).tool,
    serve: (taskQueue) => backend.serveTools(taskQueue, own),
    requestedBy: 'library',
  });
  const deps = { cycles, records, defaultTarget: config.defaultTarget, closing: closing.signal };
  return {
    researchCycle: async (request = {}) => (await startCycle(deps, request)).result(),
    startCycle: (request = {}) => startCycle(deps, request),
    cycle: (id) => findCycle(deps, id),
    graph: reportedOn(memoryGraph(stores.memory), container.reportSource),
    memory: container.memory,
    records: recordLists(records),
    approvals: approvalsOf(approvals, records, container.review),
    costs,
    audit: auditLogger(container.auditLog),
    tools: tools.registry,
    discuss: (message, session) => discuss(backend.discussions, message, session),
    guardedCall: (tool, call = {}) => tools.call(tool, call),
    metrics: { render: () => metrics.render() },
    close: () => {
      closing.abort();
      return closers.close();
    },
  };
}
