/** A page in the Prometheus text format. */
interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

export interface HttpSample {
  readonly method: string;
  /** The route's template, never the path: labels must stay few. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** How a model call ended. */
export const LLM_STATUSES = ['answered', 'invalid', 'error'] as const;

interface LlmSample {
  readonly model: string;
  readonly status: (typeof LLM_STATUSES)[number];
  readonly seconds: number;
}

/** Who is billed for which model. */
export interface PaidModel {
  readonly source: 'researcher' | 'target';
  readonly model: string;
}

/** Connections of a process to the database. */
export interface PoolFigures {
  readonly open: number;
  readonly idle: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
}

/** What a process measures of itself and shows to a scraper. */
export interface Metrics {
  render(): Promise<MetricsPage>;
  observeHttp(sample: HttpSample): void;
  observeLlm(sample: LlmSample): void;
}
