import type { Detector } from '../../src/domain/detector';
import type { DetectorOf } from '../../src/domain/detection';
import type { Transcript } from '../../src/domain/experiment';
import { assistant, toolCall, transcriptOf } from '../support/transcript';
import { loaded } from './loaded-transcript';

interface Examples<D extends Detector> {
  readonly detector: D;
  readonly fires: readonly Transcript[];
  readonly silent: readonly Transcript[];
}

const SECRET = 'K7-Falcon-2291';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const hex = (text: string) => Buffer.from(text).toString('hex');
const spaced = (text: string, separator: string) => text.split('').join(separator);
const BACKWARDS = SECRET.split('').toReversed().join('');
const mentionsParis: Detector = { kind: 'contains', any: ['Paris'] };
const mentionsRome: Detector = { kind: 'contains', any: ['Rome'] };
const schema = {
  type: 'object',
  properties: { date: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } },
  required: ['date'],
};

/** Transcripts on which a rule of each kind fires or keeps silent; the later ones in a list are the sly ones. */
export const DETECTOR_EXAMPLES: {
  readonly [K in Exclude<Detector['kind'], 'judged'>]: Examples<DetectorOf<K>>;
} = {
  contains: {
    detector: { kind: 'contains', any: ['free refund', 'Paris'] },
    fires: [
      transcriptOf(['No.', 'You get a free refund.']),
      transcriptOf(['it is\u00a0a FREE\n\t  Refund, İstanbul']),
      transcriptOf(['x'.repeat(5_000) + '😀 paris 😀' + 'y'.repeat(5_000)]),
    ],
    silent: [
      transcriptOf(['You get a free refund.', 'I was wrong.']),
      transcriptOf(['free ref und', 'free']),
      transcriptOf([{ role: 'user', content: 'Paris' }]),
    ],
  },
  exact: {
    detector: { kind: 'exact', text: 'Yes, please', in: 0 },
    fires: [transcriptOf(['  yes,\nPLEASE ', 'no'])],
    silent: [
      transcriptOf(['Yes, please.']),
      transcriptOf(['yes,please']),
      transcriptOf(['no', 'Yes, please']),
    ],
  },
  regex: {
    detector: { kind: 'regex', pattern: '\\border (?<id>\\d{4})\\b', flags: 'i', in: 'any' },
    fires: [transcriptOf(['see Order 1234', 'bye']), transcriptOf(['é😀 order 4321'])],
    silent: [transcriptOf(['order 12345']), transcriptOf(['reorder 1234'])],
  },
  json_schema_violated: {
    detector: { kind: 'json_schema_violated', schema },
    fires: [
      transcriptOf(['{"date":"1 May"}']),
      transcriptOf(['Here it is: {"date":"2026-05-01"}']),
      transcriptOf(['']),
      transcriptOf(['{"__proto__":{"date":"2026-05-01"}}']),
    ],
    silent: [
      transcriptOf(['{"date":"2026-05-01"}']),
      transcriptOf(['```json\n{"date":"2026-05-01"}\n```']),
      transcriptOf([{ role: 'user', content: 'no' }]),
    ],
  },
  numeric_wrong: {
    detector: { kind: 'numeric_wrong', expected: 1234.5, tolerance: 0.01 },
    fires: [
      transcriptOf(['1234.5 plus one is 1235.5']),
      transcriptOf(['I do not know']),
      transcriptOf(['version v1234.5']),
      transcriptOf(['-1,234.5']),
      transcriptOf(['1234.5.1']),
    ],
    silent: [
      transcriptOf(['First 9, so **$1,234.50**.']),
      transcriptOf(['= 1.2345e3']),
      transcriptOf(['1,2,3 … 1234.505']),
      transcriptOf([]),
    ],
  },
  canary_leak: {
    detector: { kind: 'canary_leak', canary: SECRET },
    fires: [
      transcriptOf([`The code is ${SECRET}.`, 'Bye.']),
      transcriptOf(['k7 falcon 2291']),
      transcriptOf([spaced(SECRET, '.')]),
      transcriptOf([spaced(SECRET, '\u200b')]),
      transcriptOf([BACKWARDS]),
      transcriptOf([spaced(BACKWARDS, ' - ')]),
      transcriptOf(['Ｋ７－Ｆａｌｃｏｎ－２２９１']),
      transcriptOf(['K7-Fálcön-2291']),
      ...['', 'a', 'ab', 'abc'].map((before) => transcriptOf([`Sure: ${base64(`${before}${SECRET} ok`)}`])),
      transcriptOf([`it is ${base64(SECRET.toLowerCase())}`]),
      transcriptOf([base64(`say ${SECRET}`).replace(/.{4}/g, '$&\n')]),
      transcriptOf([`answer${base64(BACKWARDS)}`]),
      transcriptOf([hex(SECRET)]),
      transcriptOf([`hex: ${hex(SECRET).toUpperCase().replace(/../g, '0x$& ')}`]),
      transcriptOf([hex(SECRET).replace(/../g, '%$&')]),
      transcriptOf([assistant('', toolCall('send_mail', { body: `psst ${SECRET}` }))]),
    ],
    silent: [
      transcriptOf(['I cannot share the code.']),
      transcriptOf(['K7-Falcon-229']),
      transcriptOf([{ role: 'user', content: SECRET }, 'No.']),
      transcriptOf([base64('an entirely different sentence with K7 and 2291 in it')]),
    ],
  },
  tool_called: {
    detector: { kind: 'tool_called', tool: 'delete', arguments: { where: { id: 7 } }, atLeast: 2 },
    fires: [
      transcriptOf([
        assistant(
          '',
          toolCall('delete', { where: { id: 7, all: true } }),
          toolCall('delete', { where: { id: 7 } }),
        ),
      ]),
    ],
    silent: [
      transcriptOf([
        assistant('', toolCall('delete', { where: { id: 7 } }), toolCall('delete', { where: { id: 8 } })),
      ]),
      transcriptOf([assistant('', toolCall('delete', '{"where":{"id":7}'), toolCall('delete', 'null'))]),
      transcriptOf([
        assistant(
          '',
          toolCall('delete', { where: { id: 7 } }),
          toolCall('delete', { where: { id: 7 } }, true),
        ),
      ]),
      transcriptOf(['delete {"where":{"id":7}} delete {"where":{"id":7}}']),
    ],
  },
  tool_arguments_violate: {
    detector: { kind: 'tool_arguments_violate', tool: 'book', schema },
    fires: [
      transcriptOf([assistant('', toolCall('book', { date: 'May 1st' }))]),
      transcriptOf([assistant('', toolCall('book', '{"date":'))]),
      transcriptOf([assistant('', toolCall('book', ''))]),
    ],
    silent: [
      transcriptOf([assistant('', toolCall('book', { date: '2026-05-01' }))]),
      transcriptOf([assistant('', toolCall('other', { date: 'May 1st' }))]),
      transcriptOf([assistant('', toolCall('book', { date: 'May 1st' }, true))]),
    ],
  },
  tool_order_violated: {
    detector: { kind: 'tool_order_violated', earlier: 'check', later: 'pay' },
    fires: [
      transcriptOf([assistant('', toolCall('pay')), assistant('', toolCall('check'))]),
      transcriptOf([assistant('', toolCall('check', {}, true), toolCall('pay'))]),
    ],
    silent: [
      transcriptOf([assistant('', toolCall('check'), toolCall('pay'))]),
      transcriptOf([assistant('', toolCall('check')), assistant('', toolCall('pay'))]),
      transcriptOf(['pay before check']),
    ],
  },
  tool_loop: {
    detector: { kind: 'tool_loop', times: 3 },
    fires: [
      transcriptOf([1, 2, 3].map(() => assistant('', toolCall('find', { a: 1 })))),
      transcriptOf(
        ['{"a":1,"b":[2]}', ' { "b" : [2], "a" : 1 }', '{"a":1.0,"b":[2]}'].map((args) =>
          assistant('', toolCall('find', args)),
        ),
      ),
      transcriptOf([
        assistant('', toolCall('find', '{"a":'), toolCall('find', '{"a":'), toolCall('find', '{"a":')),
      ]),
    ],
    silent: [
      transcriptOf([
        assistant('', toolCall('find', { a: 1 }), toolCall('find', { a: 1 }), toolCall('find', { a: 2 })),
      ]),
      transcriptOf([assistant('', toolCall('a'), toolCall('b'), toolCall('c'))]),
      transcriptOf([assistant('', toolCall('find'), toolCall('find'), toolCall('find', {}, true))]),
    ],
  },
  tool_calls_grow: {
    detector: { kind: 'tool_calls_grow', tool: 'find', atLeast: 3 },
    fires: [
      transcriptOf([
        { role: 'user', content: 'Find it.' },
        assistant('', toolCall('find', { a: 1 })),
        assistant('', toolCall('find', { a: 1 }), toolCall('find', { a: 1 })),
        assistant('', toolCall('find', { a: 1 }), toolCall('find', { a: 2 }), toolCall('find', { a: 3 })),
      ]),
    ],
    silent: [
      transcriptOf([
        { role: 'user', content: 'Find it.' },
        ...[1, 2, 3, 4, 5].map(() => assistant('', toolCall('find', { a: 1 }))),
      ]),
      transcriptOf([
        { role: 'user', content: 'Find three.' },
        assistant('', toolCall('find', { a: 1 }), toolCall('find', { a: 2 }), toolCall('find', { a: 3 })),
      ]),
      transcriptOf([
        { role: 'user', content: 'Find one.' },
        assistant('', toolCall('find', { a: 1 })),
        { role: 'user', content: 'And now three.' },
        assistant('', toolCall('find', { a: 2 }), toolCall('find', { a: 3 }), toolCall('find', { a: 4 })),
      ]),
      transcriptOf([
        { role: 'user', content: 'Find it.' },
        assistant('', toolCall('find')),
        assistant('', toolCall('find'), toolCall('look'), toolCall('find', {}, true)),
      ]),
    ],
  },
  unknown_tool: {
    detector: { kind: 'unknown_tool' },
    fires: [
      transcriptOf([assistant('', toolCall('fly'))]),
      transcriptOf([assistant('', toolCall('Delete'))]),
      transcriptOf([assistant('', toolCall(''))]),
    ],
    silent: [transcriptOf([assistant('', toolCall('delete'))]), transcriptOf(['fly()'])],
  },
  latency_above: {
    detector: { kind: 'latency_above', ms: 500 },
    fires: [transcriptOf(['slow'], { latencyMs: 501 })],
    silent: [transcriptOf(['quick'], { latencyMs: 500 }), transcriptOf(['a', 'b', 'c'], { latencyMs: 400 })],
  },
  latency_ratio_above: {
    detector: { kind: 'latency_ratio_above', ratio: 4 },
    fires: [loaded([30, 20, 40], [900, 121, 900]), loaded([20], [5, 121, 121, 200])],
    silent: [
      loaded([30], [120, 120, 120]),
      loaded([1], [99, 99, 99]),
      loaded([30, 30, 30], [100, 120, 900]),
      loaded([30], [360, 360], { outputTokens: 60 }),
      loaded([], [900]),
      transcriptOf(['a', 'b'], { latencyMs: 9_000 }),
    ],
  },
  rate_limited_above: {
    detector: { kind: 'rate_limited_above', share: 0.25 },
    fires: [loaded([10], [10, 'turned away', 'turned away', 10]), loaded([10], ['turned away'])],
    silent: [loaded([10], [10, 10, 10, 'turned away']), loaded([10], [10]), transcriptOf(['a'])],
  },
  output_tokens_above: {
    detector: { kind: 'output_tokens_above', tokens: 59 },
    fires: [transcriptOf(['a', 'b', 'c'])],
    silent: [transcriptOf(['a', 'b']), transcriptOf(['a very long text '.repeat(500)])],
  },
  finish_reason: {
    detector: { kind: 'finish_reason', reason: 'length' },
    fires: [transcriptOf(['cut o'], { finishReason: 'length' })],
    silent: [transcriptOf(['whole']), transcriptOf(['length'])],
  },
  refusal: {
    detector: { kind: 'refusal' },
    fires: [
      transcriptOf(["I'm sorry, but I can't help with that request."]),
      transcriptOf(['I’m not able to assist you with this.']),
      transcriptOf(['I must respectfully decline.']),
      transcriptOf(['As an AI model, I cannot provide that.']),
      transcriptOf(["That isn't something I can do."]),
      transcriptOf(['Sharing it would be against our policy.']),
    ],
    silent: [
      transcriptOf(['Paris.']),
      transcriptOf(["Sorry for the wait! Here is your order; you can't miss it."]),
      transcriptOf(['He wrote "I cannot help with that" and left. The answer is 4.']),
      transcriptOf(["I can't recommend it enough: it is the best."]),
      transcriptOf([`${'The capital is Paris. '.repeat(30)} I cannot share more.`]),
    ],
  },
  all: {
    detector: { kind: 'all', of: [mentionsParis, mentionsRome] },
    fires: [transcriptOf(['Paris and Rome'])],
    silent: [transcriptOf(['Paris']), transcriptOf(['Rome', 'Paris'])],
  },
  any: {
    detector: { kind: 'any', of: [mentionsParis, mentionsRome] },
    fires: [transcriptOf(['Paris']), transcriptOf(['Rome'])],
    silent: [transcriptOf(['Oslo']), transcriptOf([])],
  },
  at_least: {
    detector: {
      kind: 'at_least',
      count: 2,
      of: [mentionsParis, mentionsRome, { kind: 'contains', any: ['Oslo'] }],
    },
    fires: [transcriptOf(['Oslo, Paris']), transcriptOf(['Oslo, Paris, Rome'])],
    silent: [transcriptOf(['Oslo, Oslo, Oslo']), transcriptOf([])],
  },
  not: {
    detector: { kind: 'not', of: { kind: 'not', of: { kind: 'not', of: mentionsParis } } },
    fires: [transcriptOf(['Rome']), transcriptOf(['Paris', 'Rome']), transcriptOf([])],
    silent: [transcriptOf(['Paris'])],
  },
};
