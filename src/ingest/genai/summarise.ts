import type { Span } from '../../domain/trace';
import type { GenAiSummary } from '../../domain/trace-genai';
import { readGenAi } from './read-genai';
import { GenAiTally } from './summary';

/** What spans say of generative AI, all together. For streams there is {@link GenAiTally}. */
export function summariseGenAi(spans: Iterable<Span>): GenAiSummary {
  const tally = new GenAiTally();
  for (const span of spans) tally.add(span, readGenAi(span));
  return tally.summary;
}
