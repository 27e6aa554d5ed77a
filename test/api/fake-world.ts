import { randomUUID } from 'node:crypto';
import type { ApprovalDecision, DecidedApproval } from '../../src/domain/approval';
import type { CycleProgress, CycleRequest } from '../../src/domain/cycle';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import { DomainError } from '../../src/domain/errors';
import { fakeTools, toolAnswer } from './fake-tools';
import { fakeMemory } from './fake-memory';
import { fakeTraces } from './fake-traces';
import { transitionAnswer } from './fake-modes';
import type { Principal } from '../../src/domain/access';
import type { Mode } from '../../src/domain/mode';
import type { ApiDeps } from '../../src/api/deps';
import type { Probe } from '../../src/ports/health';
import type { HttpSample } from '../../src/ports/metrics';
import { FakeBudgets } from './fake-budgets';
import { fakeDiscussions } from './fake-discussions';
import { FakeSchedules } from './fake-schedules';
import {
  approvalDetail,
  approvalRecord,
  cycleRecord,
  deploymentRecord,
  toolExecutionRecord,
  experimentRecord,
  failureRecord,
  hypothesisRecord,
  interventionRecord,
  runningCycle,
  simulationRecord,
} from './records';
import { createReports } from '../../src/reports';
import { NOW } from '../reports/busy-week';
import { exampleSource } from '../reports/report-data';
import { RESOURCES, type ApiRecord, type Resource } from '../../src/ports/records';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const defaultPolicy = loadRiskPolicy(DEFAULT_POLICY);
const OK: Probe = { ok: true };
const PAGE_MARK = 'after:';

/** The ports of the API in memory: what is stored can be set, and every dependency can be made to fail. */
export class FakeWorld {
  readonly cycleId = randomUUID();
  readonly approvalId = randomUUID();
  readonly records = new Map<Resource, ApiRecord[]>(RESOURCES.map((resource) => [resource, []]));
  readonly started: { request: CycleRequest; key: string | undefined; cycleId: string }[] = [];
  readonly decisions: { decision: ApprovalDecision; key: string | undefined }[] = [];
  readonly budgets = new FakeBudgets();
  audit: ApiDeps['audit'] = { page: () => this.read(() => ({ items: [], nextCursor: null })) };
  /** What applications are to have in force. */
  readonly active: ApiRecord[] = [];
  deployments: ApiDeps['deployments'] = {
    request: () => Promise.reject(new DomainError('state_conflict', 'not in this test')),
    rollback: () => Promise.reject(new DomainError('state_conflict', 'not in this test')),
  };
  discussions: ApiDeps['discussions'] = fakeDiscussions;
  readonly schedules = new FakeSchedules();
  failures: ApiDeps['failures'] = { resolve: () => Promise.resolve(), reopen: () => Promise.resolve() };
  readonly logs: LogLine[] = [];
  readonly samples: HttpSample[] = [];
  progress: CycleProgress = runningCycle(this.cycleId);
  /** What reading the progress throws, while set. */
  progressError: Error | undefined;
  progressReads = 0;
  mode: Mode = 'lab';
  /** Thrown by everything that reads the database, while set. */
  databaseError: Error | undefined;
  /** How the wait for a cycle ends. */
  waitForEnd: (timeoutMs: number) => Promise<boolean> = () => Promise.resolve(false);
  steer: (cycleId: string) => void = (cycleId) => this.require(cycleId);
  standing: DecidedApproval | undefined;
  probes = { database: OK, temporal: OK, migrations: OK, llm: OK };
  probeCounts = { database: 0, temporal: 0, migrations: 0, llm: 0 };
  llmConfigured = false;
  isDraining = false;

  constructor() {
    this.records.set('cycles', [cycleRecord(this.cycleId)]);
    this.records.set('approvals', [approvalRecord(this.approvalId)]);
    this.records.set('hypotheses', [hypothesisRecord(this.cycleId)]);
    this.records.set('experiments', [experimentRecord(this.cycleId)]);
    this.records.set('failures', [failureRecord(this.cycleId)]);
    this.records.set('interventions', [interventionRecord(this.cycleId)]);
    this.records.set('simulations', [simulationRecord(this.cycleId)]);
    this.records.set('deployments', [deploymentRecord(this.cycleId)]);
    this.records.set('tool_executions', [toolExecutionRecord()]);
  }

  firstId(resource: Resource): string {
    return String(this.records.get(resource)?.[0]?.['id']);
  }

  require(cycleId: string): void {
    if (cycleId !== this.cycleId) throw new DomainError('not_found', `there is no research cycle ${cycleId}`);
  }

  /** Who asked for cycles, as they were named. */
  readonly requesters: string[] = [];
  /** Keys by their text; nobody needs one while there are none. */
  readonly principals = new Map<string, Principal>();
  private readonly keys: ApiDeps['access']['keys'] = {
    exist: () => Promise.resolve(this.principals.size > 0),
    principalOf: (key) => Promise.resolve(this.principals.get(key)),
  };

  get deps(): ApiDeps {
    const log = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
      void this.logs.push({ level, message, fields });
    return {
      cycles: this.cycleGateway(),
      approvals: { decide: (decision, _principal, key) => Promise.resolve(this.decide(decision, key)) },
      review: {
        show: (id) => this.read(() => (id === this.approvalId ? approvalDetail(id) : undefined)),
      },
      records: this.recordsPort(),
      reports: createReports({ source: exampleSource(), version: '0.1.0', now: () => NOW }),
      audit: this.audit,
      budgets: this.budgets,
      deployments: this.deployments,
      discussions: this.discussions,
      schedules: this.schedules,
      failures: this.failures,
      mode: {
        current: () => this.read(() => ({ mode: this.mode, version: 1 })),
        waiting: () => this.read(() => undefined),
        history: () => this.read(() => []),
      },
      policy: { current: () => defaultPolicy, file: DEFAULT_POLICY.shownAs },
      modes: {
        request: ({ to }) => {
          const answer = transitionAnswer(this.mode, to, this.approvalId);
          if (answer.state === 'done') this.mode = to;
          return Promise.resolve(answer);
        },
      },
      access: {
        keys: this.keys,
        proofs: { write: (_decision, { keyId }) => Promise.resolve(keyId ?? undefined) },
        keyless: true,
        requestsPerMinute: 1_000_000,
        corsOrigins: ['https://console.example.com'],
      },
      memory: fakeMemory,
      traces: fakeTraces,
      tools: fakeTools,
      toolCalls: {
        execute: (request) =>
          Promise.resolve(toolAnswer(request, this.firstId('tool_executions'), this.approvalId)),
        rollback: () => Promise.reject(new DomainError('state_conflict', 'there is nothing to take back')),
      },
      targets: {
        names: ['demo'],
        get: () => {
          throw new DomainError('unknown_target', 'not in this test');
        },
      },
      defaultTarget: 'demo',
      health: this.healthProbes(),
      metrics: {
        render: () =>
          Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' }),
        observeHttp: (sample) => void this.samples.push(sample),
      },
      identity: { version: '0.1.0', sessionId: randomUUID(), startedAt: new Date(Date.now() - 5_000) },
      logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    };
  }

  private async read<T>(value: () => T): Promise<T> {
    await Promise.resolve();
    if (this.databaseError !== undefined) throw this.databaseError;
    return value();
  }

  private cycleGateway(): ApiDeps['cycles'] {
    return {
      start: (request, requestedBy, key) => {
        this.requesters.push(requestedBy);
        return this.read(() => this.start(request, key));
      },
      waitForEnd: (_cycleId, timeoutMs) => this.waitForEnd(timeoutMs),
      cancel: (cycleId) => this.read(() => this.steer(cycleId)),
      setPaused: (cycleId) => this.read(() => this.steer(cycleId)),
    };
  }

  private start(request: CycleRequest, key: string | undefined) {
    if (request.target !== 'demo')
      throw new DomainError('unknown_target', 'configured: demo', { targets: ['demo'] });
    const earlier = this.started.find((each) => key !== undefined && each.key === key);
    if (earlier !== undefined && JSON.stringify(earlier.request) !== JSON.stringify(request)) {
      throw new DomainError('idempotency_conflict', 'the key was used for another request');
    }
    const cycleId = earlier?.cycleId ?? (this.started.length === 0 ? this.cycleId : randomUUID());
    if (earlier === undefined) this.started.push({ request, key, cycleId });
    return { cycleId, workflowId: `research-cycle-${cycleId}`, created: earlier === undefined };
  }

  private decide(decision: ApprovalDecision, key: string | undefined): DecidedApproval {
    if (decision.approval_id !== this.approvalId)
      throw new DomainError('approval_not_found', 'there is no such approval');
    if (this.standing !== undefined) {
      throw new DomainError('approval_already_decided', 'already decided', { decision: this.standing });
    }
    this.decisions.push({ decision, key });
    this.standing = {
      approvalId: decision.approval_id,
      state: decision.decision,
      decidedBy: decision.decided_by,
      provenBy: null,
      reason: decision.reason ?? null,
      decidedAt: new Date().toISOString(),
      via: 'update',
    };
    return this.standing;
  }

  private recordsPort(): ApiDeps['records'] {
    return {
      filters: {
        cycles: ['state', 'target'],
        hypotheses: ['cycle_id', 'failure_class'],
        experiments: ['cycle_id', 'state'],
        failures: ['cycle_id', 'severity'],
        interventions: ['failure_id'],
        simulations: ['verdict'],
        deployments: ['state'],
        tool_executions: ['status'],
        approvals: ['state', 'workflow_id'],
      },
      list: (resource, { limit, cursor, filters }) =>
        this.read(() => {
          if (cursor !== undefined && !cursor.startsWith(PAGE_MARK)) {
            throw new DomainError('invalid_cursor', 'the cursor is not of this list');
          }
          const from = cursor === undefined ? 0 : Number(cursor.slice(PAGE_MARK.length));
          const matching = (this.records.get(resource) ?? []).filter((record) =>
            Object.entries(filters).every(([name, value]) => record[name] === value),
          );
          const more = matching.length > from + limit;
          return {
            items: matching.slice(from, from + limit),
            nextCursor: more ? `${PAGE_MARK}${from + limit}` : null,
          };
        }),
      get: (resource, id) =>
        this.read(() => this.records.get(resource)?.find((record) => record['id'] === id)),
      progress: async (id) => {
        this.progressReads += 1;
        if (this.progressError !== undefined) throw this.progressError;
        return this.read(() => (id === this.cycleId ? this.progress : undefined));
      },
      result: (id) => this.read(() => (id === this.cycleId ? this.result() : undefined)),
      status: () =>
        this.read(() => ({
          hypothesesGenerated: 1,
          experimentsRun: 2,
          failuresDiscovered: 3,
          interventionsProposed: 4,
          pendingApprovals: 1,
          activeCycles: 1,
          currentFocus: null,
          approvalStats: { approved: 0, rejected: 0, expired: 0, pending: 1, cancelled: 0 },
        })),
      active: ({ channel, target }) =>
        this.read(() =>
          this.active.filter(
            (each) =>
              (channel ?? each['channel']) === each['channel'] &&
              (target ?? each['target']) === each['target'],
          ),
        ),
      effects: () => Promise.reject(new Error('not in this test')),
    };
  }

  private result(): ApiRecord {
    const lists = ['hypotheses', 'experiments', 'failures', 'interventions'] as const;
    const success = this.progress.state === 'completed';
    return {
      success,
      ...Object.fromEntries(lists.map((name) => [`${name}_count`, this.records.get(name)?.length ?? 0])),
      ...Object.fromEntries(lists.map((name) => [name, this.records.get(name) ?? []])),
      error: success ? null : 'the researcher is out of reach',
    };
  }

  private healthProbes(): ApiDeps['health'] {
    const probe = (name: keyof FakeWorld['probes']) => () => {
      this.probeCounts[name] += 1;
      return Promise.resolve(this.probes[name]);
    };
    return {
      database: probe('database'),
      temporal: probe('temporal'),
      migrations: probe('migrations'),
      llm: probe('llm'),
      llmConfigured: this.llmConfigured,
      draining: () => this.isDraining,
    };
  }
}
