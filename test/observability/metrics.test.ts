import { createServer } from 'node:http';
import { serveHttp, type HttpServer } from '../../src/http-server';
import { TOOL_STATUSES } from '../../src/domain/tool';
import { createMetrics, type MetricsSources } from '../../src/observability/metrics';
import { startMetricsServer } from '../../src/observability/metrics-server';
import { FakeBudgets } from '../api/fake-budgets';
import type { Effects } from '../../src/ports/records';

const EMPTY: Effects = {
  cyclesByState: {},
  cycleSeconds: 0,
  runningByPhase: {},
  oldestRunningCycleSeconds: 0,
  failures: [],
  approvalDecisions: [],
  costUsd: [],
  pendingApprovals: 0,
  oldestPendingApprovalSeconds: 0,
  toolExecutions: [],
  webhookDeliveries: {},
  oldestPendingDeliverySeconds: 0,
  unsealedAuditEntries: 0,
};

const IDLE = {
  models: [],
  pool: () => ({ open: 1, idle: 1, waiting: 0 }),
} as const;

const SEED: Readonly<Record<string, string>> = {
  tinman_research_cycles_total: 'counter',
  tinman_failures_discovered_total: 'counter',
  tinman_approval_decisions_total: 'counter',
  tinman_cost_usd_total: 'counter',
  tinman_llm_requests_total: 'counter',
  tinman_llm_latency_seconds: 'histogram',
  tinman_tool_executions_total: 'counter',
  tinman_pending_approvals: 'gauge',
  tinman_approval_queue_age_seconds: 'gauge',
  tinman_current_mode: 'gauge',
};

const TYPE = /^# TYPE (\w+) (counter|gauge|histogram|summary|untyped)$/;
const HELP = /^# HELP (\w+) .+$/;
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i;
const SAMPLE = /^(\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$/;

/** Reads a page strictly: every line is known, every sample belongs to the family above it, nothing comes twice. */
function parsePage(page: string) {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  let family = '';
  const readType = ([, name = '', type = '']: RegExpExecArray) => {
    const fresh = !types.has(name);
    types.set(name, type);
    family = name;
    return fresh;
  };
  const readSample = ([, name = '', labels = '', value = '']: RegExpExecArray) => {
    const series = `${name}{${labels}}`;
    const fresh = !values.has(series);
    values.set(series, Number(value));
    const own = name === family || name.replace(/_(bucket|sum|count)$/, '') === family;
    return own && fresh && NUMBER.test(value);
  };
  const isSound = (line: string) => {
    const type = TYPE.exec(line);
    if (type !== null) return readType(type);
    const sample = SAMPLE.exec(line);
    return sample === null ? HELP.test(line) : readSample(sample);
  };
  expect(page.at(-1)).toBe('\n');
  const lines = page.trimEnd().split('\n');
  expect(lines.filter((line) => !isSound(line))).toEqual([]);
  return { types, values };
}

async function scrape(
  sources: Partial<MetricsSources> = {},
  use?: (m: ReturnType<typeof createMetrics>) => void,
) {
  const metrics = createMetrics({
    effects: () => Promise.resolve(EMPTY),
    mode: () => Promise.resolve('lab'),
    budgets: () => Promise.resolve([]),
    ...IDLE,
    ...sources,
  });
  use?.(metrics);
  const { contentType, body } = await metrics.render();
  expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parsePage(body);
}

describe('metrics', () => {
  it('has the nine metrics of the guide by name and type, and those of the process', async () => {
    const { types } = await scrape();
    expect(Object.fromEntries(types)).toMatchObject(SEED);
    expect(types.has('process_resident_memory_bytes')).toBe(true);
  });

  it('starts closed label sets at zero', async () => {
    const { values } = await scrape();
    const zeros = (prefix: string) =>
      [...values].filter(([name, value]) => name.startsWith(`${prefix}{`) && value === 0).length;
    expect(zeros('tinman_failures_discovered_total')).toBe(25);
    expect(zeros('tinman_research_cycles_total')).toBe(4);
    expect(zeros('tinman_approval_decisions_total')).toBe(12);
    expect(zeros('tinman_tool_executions_total')).toBe(TOOL_STATUSES.length);
    expect(values.get('tinman_pending_approvals{}')).toBe(0);
  });

  it('starts the series of configured models at zero', async () => {
    const models = [{ source: 'researcher', model: 'm' } as const, { source: 'target', model: 't' } as const];
    const { values } = await scrape({ models });
    expect(Object.fromEntries(values)).toMatchObject({
      'tinman_llm_requests_total{model="m",status="error"}': 0,
      'tinman_llm_latency_seconds_count{model="m"}': 0,
      'tinman_cost_usd_total{source="researcher",model="m"}': 0,
      'tinman_cost_usd_total{source="target",model="t"}': 0,
    });
  });

  it('shows the effects that the database holds now, not the sum of scrapes', async () => {
    const effects: Effects = {
      cyclesByState: { completed: 3, failed: 1, running: 2 },
      cycleSeconds: 120,
      runningByPhase: { execution: 2 },
      oldestRunningCycleSeconds: 45,
      failures: [{ severity: 'S3', failureClass: 'tool_use', count: 4 }],
      approvalDecisions: [{ decision: 'rejected', tier: 'review', count: 2 }],
      costUsd: [{ source: 'researcher', model: 'a "model"\\', usd: 0.25 }],
      pendingApprovals: 7,
      oldestPendingApprovalSeconds: 90,
      toolExecutions: [{ status: 'succeeded', count: 5 }],
      webhookDeliveries: { pending: 2, delivered: 9 },
      oldestPendingDeliverySeconds: 31,
      unsealedAuditEntries: 6,
    };
    const metrics = createMetrics({
      effects: () => Promise.resolve(effects),
      mode: () => Promise.resolve('shadow'),
      budgets: () => new FakeBudgets().inForce(),
      models: [],
      pool: () => ({ open: 3, idle: 2, waiting: 1 }),
    });
    await metrics.render();
    const { values } = parsePage((await metrics.render()).body);
    expect(Object.fromEntries(values)).toMatchObject({
      'tinman_research_cycles_total{state="completed"}': 3,
      'tinman_research_cycles_total{state="failed"}': 1,
      'tinman_research_cycles_total{state="cancelled"}': 0,
      'tinman_research_cycles_running{}': 2,
      'tinman_failures_discovered_total{severity="S3",class="tool_use"}': 4,
      'tinman_research_cycles_in_phase{phase="execution"}': 2,
      'tinman_research_cycles_in_phase{phase="learning"}': 0,
      'tinman_research_cycle_oldest_running_seconds{}': 45,
      'tinman_research_cycle_seconds_total{}': 120,
      'tinman_audit_unsealed_entries{}': 6,
      'tinman_database_up{}': 1,
      'tinman_database_connections{state="open"}': 3,
      'tinman_database_connections{state="waiting"}': 1,
      'tinman_approval_decisions_total{decision="rejected",tier="review"}': 2,
      'tinman_cost_usd_total{source="researcher",model="a \\"model\\"\\\\"}': 0.25,
      'tinman_pending_approvals{}': 7,
      'tinman_approval_queue_age_seconds{}': 90,
      'tinman_tool_executions_total{status="succeeded"}': 5,
      'tinman_webhook_deliveries{state="pending"}': 2,
      'tinman_webhook_deliveries{state="delivered"}': 9,
      'tinman_webhook_deliveries{state="failed"}': 0,
      'tinman_webhook_oldest_pending_seconds{}': 31,
      'tinman_budget_limit_usd{scope="global"}': 10,
      'tinman_budget_spent_usd{scope="global"}': 8.5,
      'tinman_budget_reserved_usd{scope="target:shop"}': 0.5,
      'tinman_budget_remaining_usd{scope="target:shop"}': 1,
      'tinman_current_mode{mode="shadow"}': 1,
      'tinman_current_mode{mode="lab"}': 0,
      'tinman_current_mode{mode="production"}': 0,
    });
  });

  it('counts model calls and HTTP requests of the process, by labels that stay few', async () => {
    const { values } = await scrape({}, (metrics) => {
      metrics.observeLlm({ model: 'm', status: 'answered', seconds: 0.3 });
      metrics.observeLlm({ model: 'm', status: 'invalid', seconds: 3 });
      metrics.observeHttp({ method: 'GET', route: '/failures/:id', status: 200, seconds: 0.02 });
      metrics.observeHttp({ method: 'BREW', route: 'unmatched', status: 405, seconds: 0.001 });
    });
    expect(Object.fromEntries(values)).toMatchObject({
      'tinman_llm_requests_total{model="m",status="answered"}': 1,
      'tinman_llm_requests_total{model="m",status="invalid"}': 1,
      'tinman_llm_latency_seconds_count{model="m"}': 2,
      'tinman_http_request_duration_seconds_count{method="GET",route="/failures/:id",status="200"}': 1,
      'tinman_http_request_duration_seconds_count{method="other",route="unmatched",status="405"}': 1,
    });
  });

  it('leaves out what the database does not tell, and counts that it did not', async () => {
    const metrics = createMetrics({
      effects: () => Promise.reject(new Error('connection refused')),
      mode: () => Promise.resolve('lab'),
      budgets: () => Promise.resolve([]),
      ...IDLE,
    });
    const { types, values } = parsePage((await metrics.render()).body);
    expect(types.has('tinman_pending_approvals')).toBe(false);
    expect(types.has('tinman_llm_requests_total')).toBe(true);
    expect(values.get('tinman_scrape_failures_total{source="database"}')).toBe(1);
    expect(values.get('tinman_database_up{}')).toBe(0);
  });

  describe('of the Temporal SDK', () => {
    let core: HttpServer;
    let page = '';
    beforeAll(async () => {
      core = await serveHttp((_request, response) => void response.end(page), { host: '127.0.0.1', port: 0 });
    });
    afterAll(() => core.close());

    it('are appended, and no family comes twice', async () => {
      page = [
        '# HELP temporal_worker_start_total Workers started',
        '# TYPE temporal_worker_start_total counter',
        'temporal_worker_start_total{service="worker"} 1',
        '# HELP process_resident_memory_bytes once more',
        '# TYPE process_resident_memory_bytes gauge',
        'process_resident_memory_bytes 1',
        '# EOF',
      ].join('\n');
      const { values, types } = await scrape({ coreMetricsUrl: `${core.url}/metrics` });
      expect(values.get('temporal_worker_start_total{service="worker"}')).toBe(1);
      expect(values.get('process_resident_memory_bytes{}')).toBeGreaterThan(1_000);
      expect(Object.fromEntries(types)).toMatchObject(SEED);
    });

    it('are left out when their exporter is gone', async () => {
      const { values } = await scrape({ coreMetricsUrl: 'http://127.0.0.1:1/metrics' });
      expect(values.get('tinman_scrape_failures_total{source="temporal"}')).toBe(1);
    });
  });
});

describe('the metrics server', () => {
  const render = () => Promise.resolve({ contentType: 'text/plain', body: 'up 1\n' });

  let absent: string[];
  const missing = () => Promise.resolve(absent);
  beforeEach(() => void (absent = []));

  it('says that it lives, and whether work can be taken', async () => {
    const server = await startMetricsServer({ host: '127.0.0.1', port: 0, render, missing });
    const ask = async (path: string) => {
      const answer = await fetch(`${server.url}${path}`);
      return [answer.status, await answer.json()];
    };
    expect(await ask('/live')).toEqual([200, { status: 'alive' }]);
    expect(await ask('/ready')).toEqual([200, { ready: true }]);
    absent = ['database: refused'];
    expect(await ask('/ready')).toEqual([503, { ready: false, missing: ['database: refused'] }]);
    await server.close();
  });

  it('serves /metrics and the probes alone, until it is closed', async () => {
    const server = await startMetricsServer({ host: '127.0.0.1', port: 0, render, missing });
    const answer = await fetch(`${server.url}/metrics?x=1`);
    expect([answer.status, await answer.text()]).toEqual([200, 'up 1\n']);
    expect((await fetch(`${server.url}/`)).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`, { method: 'POST' })).status).toBe(405);
    await server.close();
    await expect(fetch(`${server.url}/metrics`)).rejects.toThrow('fetch failed');
  });

  it('answers 503 when there is no page', async () => {
    const failing = () => Promise.reject(new Error('no'));
    const server = await startMetricsServer({ host: '127.0.0.1', port: 0, render: failing, missing });
    expect((await fetch(`${server.url}/metrics`)).status).toBe(503);
    await server.close();
  });

  it('names the port that is in use', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => void holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(startMetricsServer({ host: '127.0.0.1', port, render, missing })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is already in use`,
    );
    await new Promise((resolve) => void holder.close(resolve));
  });
});
