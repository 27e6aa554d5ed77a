import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BudgetStatus } from '../domain/budget';
import type { Mode } from '../domain/mode';
import { LLM_STATUSES, type Metrics, type PaidModel, type PoolFigures } from '../ports/metrics';
import type { Effects } from '../ports/records';
import { renderDatabaseMetrics } from './database-metrics';
import { mergeExpositions } from './exposition';

/** How long a scrape waits for the Temporal SDK's own exporter, in milliseconds. */
const CORE_TIMEOUT_MS = 2_000;
/** How old the figures of the database may be, in milliseconds. */
const MAX_AGE_MS = 500;
const HTTP_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const HTTP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const LLM_BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];

export interface MetricsSources {
  /** Read from the database at every scrape. */
  readonly effects: () => Promise<Effects>;
  readonly mode: () => Promise<Mode>;
  /** The budgets of the configuration as they are. */
  readonly budgets: () => Promise<readonly BudgetStatus[]>;
  /** Billed models that are configured: their series start at 0. */
  readonly models: readonly PaidModel[];
  readonly pool: () => PoolFigures;
  /** Where the Temporal SDK's Core exports its own metrics, in processes that have a worker. */
  readonly coreMetricsUrl?: string;
}

/**
 * The metrics of this process, those of the database and those of the Temporal SDK on one page. A source that does not
 * answer is left out and counted in `tinman_scrape_failures_total`; its figures are never made up.
 */
export function createMetrics(sources: MetricsSources): Metrics {
  const { effects, mode, budgets, models, pool, coreMetricsUrl } = sources;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments = createInstruments(registry, sources);
  const database = briefly(async () =>
    renderDatabaseMetrics(...(await Promise.all([effects(), mode(), budgets()])), models),
  );

  const attempt = async (source: 'database' | 'temporal', page: () => Promise<string>): Promise<string> => {
    try {
      return await page();
    } catch {
      instruments.scrapeFailures.inc({ source });
      return '';
    }
  };
  return {
    async render() {
      const [counted, core] = await Promise.all([
        attempt('database', database),
        coreMetricsUrl === undefined ? '' : attempt('temporal', () => fetchCore(coreMetricsUrl)),
      ]);
      instruments.databaseUp.set(counted === '' ? 0 : 1);
      const { open, idle, waiting } = pool();
      instruments.connections.set({ state: 'open' }, open);
      instruments.connections.set({ state: 'idle' }, idle);
      instruments.connections.set({ state: 'waiting' }, waiting);
      const own = await registry.metrics();
      return { contentType: registry.contentType, body: mergeExpositions([counted, own, core]) };
    },
    observeHttp({ method, route, status, seconds }) {
      const known = HTTP_METHODS.has(method) ? method : 'other';
      instruments.httpDuration.observe({ method: known, route, status: String(status) }, seconds);
    },
    observeLlm({ model, status, seconds }) {
      instruments.llmRequests.inc({ model, status });
      instruments.llmLatency.observe({ model }, seconds);
    },
  };
}

function createInstruments(registry: Registry, { models }: Pick<MetricsSources, 'models'>) {
  const registers = [registry];
  const scrapeFailures = new Counter({
    name: 'tinman_scrape_failures_total',
    help: 'Scrapes for which a source did not answer.',
    labelNames: ['source'],
    registers,
  });
  for (const source of ['database', 'temporal']) scrapeFailures.inc({ source }, 0);
  const llmRequests = new Counter({
    name: 'tinman_llm_requests_total',
    help: "Calls of the researcher's model by this process.",
    labelNames: ['model', 'status'],
    registers,
  });
  const llmLatency = new Histogram({
    name: 'tinman_llm_latency_seconds',
    help: "Duration of the calls of the researcher's model by this process.",
    labelNames: ['model'],
    buckets: LLM_BUCKETS,
    registers,
  });
  for (const { model } of models.filter(({ source }) => source === 'researcher')) {
    for (const status of LLM_STATUSES) llmRequests.inc({ model, status }, 0);
    llmLatency.zero({ model });
  }
  return {
    scrapeFailures,
    llmRequests,
    llmLatency,
    databaseUp: new Gauge({
      name: 'tinman_database_up',
      help: 'Whether the database answered this scrape.',
      registers,
    }),
    connections: new Gauge({
      name: 'tinman_database_connections',
      help: 'Connections of this process to the database: open, idle of them, and statements waiting for one.',
      labelNames: ['state'],
      registers,
    }),
    httpDuration: new Histogram({
      name: 'tinman_http_request_duration_seconds',
      help: 'Duration of HTTP requests until the answer was out.',
      labelNames: ['method', 'route', 'status'],
      buckets: HTTP_BUCKETS,
      registers,
    }),
  };
}

/** Several scrapers at once, or one that hurries, are one question to the database. */
function briefly<T>(load: () => Promise<T>): () => Promise<T> {
  let askedAt = -Infinity;
  let answer: Promise<T> | undefined;
  return () => {
    const now = performance.now();
    if (answer === undefined || now - askedAt >= MAX_AGE_MS) {
      askedAt = now;
      answer = load();
    }
    return answer;
  };
}

async function fetchCore(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(CORE_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`the exporter answered ${response.status}`);
  return response.text();
}
