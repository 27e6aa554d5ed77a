import type { Transcript } from '../../src/domain/experiment';

/** A run with load, by the latencies of its requests in milliseconds. */
export function loaded(
  alone: readonly number[],
  load: readonly (number | 'turned away')[],
  { outputTokens = 20 } = {},
): Transcript {
  const figures = { model: 'fake', finishReason: 'stop' } as const;
  const calls = [
    ...alone.map(
      (latencyMs) => ({ latencyMs, phase: 'alone', usage: { inputTokens: 5, outputTokens: 20 } }) as const,
    ),
    ...load.map((latency) =>
      latency === 'turned away'
        ? ({
            latencyMs: 0,
            phase: 'load',
            rateLimited: true,
            usage: { inputTokens: 0, outputTokens: 0 },
          } as const)
        : ({ latencyMs: latency, phase: 'load', usage: { inputTokens: 5, outputTokens } } as const),
    ),
  ];
  const asked = { role: 'user', content: 'When do you open?' } as const;
  return {
    messages: [asked, ...calls.map(() => ({ role: 'assistant', content: 'At nine.' }) as const)],
    calls: calls.map((call, index) => ({
      ...figures,
      ...call,
      ...('rateLimited' in call ? {} : { messageIndex: index + 1 }),
    })),
  };
}
