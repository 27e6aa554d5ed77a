import type { ApiDeps } from '../../src/api/deps';
import { NOTHING_TAKEN, type IntakeSummary } from '../../src/ports/trace-intake';

const { seen: _seen, ...FIGURES } = NOTHING_TAKEN;
const SUMMARY: IntakeSummary = {
  ...FIGURES,
  ...{
    format: 'json',
    confidence: 1,
    why: ['it was given'],
    traces: 1,
    spans: 1,
    error_spans: 0,
    rejected: [],
  },
  ...{
    rejected_count: 0,
    gen_ai: { models: [], input_tokens: 0, output_tokens: 0, tool_calls: 0 },
    stored: 1,
  },
} as const;

/** Takes whatever comes for one span, and knows no trace. */
export const fakeTraces: ApiDeps['traces'] = {
  intake: { receive: () => Promise.resolve(SUMMARY) },
  uploads: {
    take: () => Promise.resolve({ kind: 'read', summary: SUMMARY }),
    get: () => Promise.resolve(undefined),
  },
  records: {
    list: () => Promise.resolve({ items: [], nextCursor: null }),
    get: () => Promise.resolve(undefined),
  },
};
