import { isMissing } from '../fields';
import { LEAF, type ListPlan } from '../json/list-plan';
import { NOT_RECOGNISED, type Recognition, type TraceFormatReader } from '../reader';
import { firstSpanOf, openInferenceIn, spanIdIn, traceIdIn } from './json-recognition';
import { JsonWalk } from './json-walk';

const traceLists: ListPlan = { spans: LEAF, '': LEAF };

/** Where documents of spans in plain JSON are cut. */
export const JSON_PLAN: ListPlan = {
  '': traceLists,
  spans: LEAF,
  traces: traceLists,
  data: { spans: LEAF },
};

/** Our own JSON, which docs/trace.schema.json describes, and what is like it under other common names. */
export const jsonReader: TraceFormatReader = {
  format: 'json',
  lists: JSON_PLAN,
  recognise,
  open() {
    const walk = new JsonWalk('json', (span) => span);
    return (document, at, out) => walk.read(document, at, out);
  },
};

function recognise(document: unknown): Recognition {
  const first = firstSpanOf(document, undefined);
  if (first === null) return NOT_RECOGNISED;
  const { span, traceId } = first;
  const hasTraceId = !isMissing(traceIdIn(span) ?? traceId);
  if (!hasTraceId || openInferenceIn(span) !== null) return NOT_RECOGNISED;
  const isOurs = !isMissing(span.span_id) && !isMissing(span.start_time ?? span.start_time_unix_nano);
  if (isOurs) return { confidence: 0.75, why: ['spans have a trace id, span_id and start_time'] };
  const hasSpanId = !isMissing(spanIdIn(span));
  return {
    confidence: hasSpanId ? 0.65 : 0.5,
    why: [`spans have a trace id, ${hasSpanId ? 'a span id' : 'an id'} and a start, under other names`],
  };
}
