import { z } from 'zod';

export const TRACE_SETTINGS = z.strictObject({
  retention_days: z.number().positive().max(36_500).default(30),
  redact: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/, 'Expected a short name'),
        pattern: z.string().min(1).max(500),
      }),
    )
    .max(100)
    .default([]),
});

export const SHADOW_SETTINGS = z.strictObject({
  traffic_sample_rate: z.number().min(0).max(1).default(1),
  replay_buffer_days: z.number().positive().max(36_500).default(7),
});

export interface TraceSettings {
  readonly retentionDays: number;
  /** Taken out before storing, beside secrets, addresses and card numbers; in the syntax of RE2. */
  readonly redact: readonly { readonly name: string; readonly pattern: string }[];
  /** In shadow mode: the share of traces without an error that is kept, and for how long traces serve as cases. */
  readonly shadow: { readonly sampleRate: number; readonly replayBufferDays: number };
}

export function traceSettingsOf(
  traces: z.output<typeof TRACE_SETTINGS>,
  shadow: z.output<typeof SHADOW_SETTINGS>,
): TraceSettings {
  return {
    retentionDays: traces.retention_days,
    redact: traces.redact,
    shadow: { sampleRate: shadow.traffic_sample_rate, replayBufferDays: shadow.replay_buffer_days },
  };
}
