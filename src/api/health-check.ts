import type { HealthProbes, Probe } from '../ports/health';

/** A dependency that takes longer to answer counts as not answering, in milliseconds. */
const PROBE_TIMEOUT_MS = 2_000;
const MAX_AGE_MS = 1_000;
const LLM_MAX_AGE_MS = 60_000;

/** One answer of all dependencies. */
export interface HealthReport {
  readonly database: Probe;
  readonly temporal: Probe;
  readonly migrations: Probe;
}

/** Asks the dependencies, at most once a second (the model once a minute) however many callers there are. */
export class HealthCheck {
  readonly dependencies: () => Promise<HealthReport>;
  /** Not ok as well when no model is configured. */
  readonly llm: () => Promise<Probe>;

  constructor(health: HealthProbes) {
    this.dependencies = cached(async () => {
      const [database, temporal, migrations] = await Promise.all([
        ask(() => health.database()),
        ask(() => health.temporal()),
        ask(() => health.migrations()),
      ]);
      return { database, temporal, migrations };
    }, MAX_AGE_MS);
    this.llm = health.llmConfigured
      ? cached(() => ask(() => health.llm()), LLM_MAX_AGE_MS)
      : () => Promise.resolve({ ok: false, detail: 'the offline researcher needs no model' });
  }
}

/** What is missing for work to be taken, in words; empty when nothing is. */
export function missingParts(report: HealthReport, draining: boolean): readonly string[] {
  const causes = Object.entries<Probe>({ ...report })
    .filter(([, probe]) => !probe.ok)
    .map(([name, { detail }]) => `${name}: ${detail ?? 'does not answer'}`);
  return draining ? [...causes, 'shutting down'] : causes;
}

/** The answer of one probe: within the time limit, and a failure instead of an exception. */
export async function ask(probe: () => Promise<Probe>): Promise<Probe> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Probe>((resolve) => {
    const detail = `no answer within ${PROBE_TIMEOUT_MS} ms`;
    timer = setTimeout(() => resolve({ ok: false, detail }), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([probe(), tooLate]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Remembers an answer for so long from the moment it was asked for; callers in between share it. */
function cached<T>(load: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let askedAt = -Infinity;
  let answer: Promise<T> | undefined;
  return () => {
    const now = performance.now();
    if (answer === undefined || now - askedAt >= maxAgeMs) {
      askedAt = now;
      answer = load();
    }
    return answer;
  };
}
