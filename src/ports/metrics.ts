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

interface LlmSample {
  readonly model: string;
  readonly status: 'answered' | 'invalid' | 'error';
  readonly seconds: number;
}

/** What a process measures of itself and shows to a scraper. */
export interface Metrics {
  render(): Promise<MetricsPage>;
  observeHttp(sample: HttpSample): void;
  observeLlm(sample: LlmSample): void;
}
