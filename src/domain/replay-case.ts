import type { TestCase } from './experiment';

/** A model call of production, ready to be replayed with and without a change. */
export interface ReplayCase {
  readonly traceId: string;
  /** The model call that is made again. */
  readonly spanId: string;
  readonly testCase: TestCase;
  /** As the call asked for it; null where it is not recorded. */
  readonly maxOutputTokens: number | null;
}
