import type { DetectorKinds } from '../detection';
import type { CallFigures, Evidence, Transcript } from '../experiment';
import { beginningOf } from './quote';

const NOISE_MS = 100;

/** Detectors over a run with load. Their words name no measured figure: these are in the transcript, and differ each time. */
export const LOAD_DETECTORS: DetectorKinds<'latency_ratio_above' | 'rate_limited_above'> = {
  latency_ratio_above: {
    evidence: ({ ratio, atLeastMs = NOISE_MS }, transcript) => {
      const [alone, load] = [answered(transcript, 'alone'), answered(transcript, 'load')];
      if (alone.length === 0 || load.length === 0) return [];
      const [before, under] = [median(alone.map(latencyOf)), median(load.map(latencyOf))];
      const fair = Math.max(1, median(load.map(outputOf)) / Math.max(1, median(alone.map(outputOf))));
      if (under < atLeastMs || under <= ratio * fair * before) return [];
      return [
        shownBy(transcript, load, `under load an answer took more than ${ratio} times as long as alone`),
      ];
    },
    describe: ({ ratio }) => `under load an answer takes more than ${ratio} times as long as alone`,
    problem: ({ ratio, atLeastMs = NOISE_MS }) =>
      ratio >= 1 && Number.isFinite(ratio) && atLeastMs >= 0
        ? undefined
        : 'latency_ratio_above: the ratio must be a number from 1 up, the least time from 0 up',
  },
  rate_limited_above: {
    evidence: ({ share }, transcript) => {
      const load = transcript.calls.filter(({ phase }) => phase === 'load');
      const turnedAway = load.filter(({ rateLimited }) => rateLimited === true);
      if (turnedAway.length === 0 || turnedAway.length <= share * load.length) return [];
      const words = `more than ${share * 100} % of ${load.length} requests were turned away for their rate`;
      return [shownBy(transcript, load, words)];
    },
    describe: ({ share }) => `more than ${share * 100} % of the requests under load are turned away`,
    problem: ({ share }) =>
      share >= 0 && share < 1 ? undefined : 'rate_limited_above: the share must be from 0 up and below 1',
  },
};

function answered({ calls }: Transcript, phase: CallFigures['phase']): readonly CallFigures[] {
  return calls.filter((call) => call.phase === phase && call.rateLimited !== true);
}

function latencyOf({ latencyMs }: CallFigures): number {
  return latencyMs;
}

function outputOf({ usage }: CallFigures): number {
  return usage.outputTokens;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] =
    sorted.length % 2 === 0 ? sorted.slice(middle - 1) : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}

/** Quotes what was asked under load: the message before the first of its answers. */
function shownBy(transcript: Transcript, load: readonly CallFigures[], explanation: string): Evidence {
  const answer = load.find(({ messageIndex }) => messageIndex !== undefined)?.messageIndex;
  const asked = transcript.messages.findLastIndex(
    ({ role }, index) => role === 'user' && index < (answer ?? transcript.messages.length),
  );
  return beginningOf(transcript.messages[asked]?.content ?? '', asked < 0 ? undefined : asked, explanation);
}
