import type { DetectorKinds } from '../detection';
import type { CallFigures, Evidence, Transcript } from '../experiment';
import { beginningOf } from './quote';
import { answersOf } from './transcript-parts';

/** Detectors over the figures of the target calls; the quote only says which answer it was. */
export const FIGURE_DETECTORS: DetectorKinds<'latency_above' | 'output_tokens_above' | 'finish_reason'> = {
  latency_above: {
    evidence: ({ ms }, transcript) =>
      transcript.calls
        .filter(({ latencyMs }) => latencyMs > ms)
        .map((call) => atAnswer(transcript, call, `the call took ${Math.round(call.latencyMs)} ms`)),
    describe: ({ ms }) => `a call takes longer than ${ms} ms`,
    problem: ({ ms }) => limitProblem('latency_above', ms),
  },
  output_tokens_above: {
    evidence: ({ tokens }, transcript) => {
      const used = transcript.calls.reduce((sum, { usage }) => sum + usage.outputTokens, 0);
      if (used <= tokens) return [];
      const last = answersOf(transcript).at(-1);
      const explanation = `the run put out ${used} tokens, more than ${tokens}`;
      return [beginningOf(last?.text ?? '', last?.messageIndex, explanation)];
    },
    describe: ({ tokens }) => `the run puts out more than ${tokens} tokens`,
    problem: ({ tokens }) => limitProblem('output_tokens_above', tokens),
  },
  finish_reason: {
    evidence: ({ reason }, transcript) =>
      transcript.calls
        .filter(({ finishReason }) => finishReason === reason)
        .map((call) => atAnswer(transcript, call, `the call ended for the reason ${reason}`)),
    describe: ({ reason }) => `a call ends for the reason ${reason}`,
    problem: () => undefined,
  },
};

function atAnswer(transcript: Transcript, { messageIndex }: CallFigures, explanation: string): Evidence {
  const text = messageIndex === undefined ? '' : (transcript.messages[messageIndex]?.content ?? '');
  return beginningOf(text, messageIndex, explanation);
}

function limitProblem(kind: string, limit: number): string | undefined {
  return limit >= 0 && Number.isFinite(limit) ? undefined : `${kind}: the limit must be a number from 0 up`;
}
