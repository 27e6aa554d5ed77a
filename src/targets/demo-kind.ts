import { z } from 'zod';
import { createDemoTarget, DEMO_FAULT_NAMES } from './demo';
import { targetKind } from './kind';

const settingsSchema = z.strictObject({
  kind: z.literal('demo'),
  /** The planted faults that are active; left out: all. */
  faults: z.array(z.enum(DEMO_FAULT_NAMES)).max(100).optional(),
});

/** The demo application, in this process. */
export const demo = targetKind(settingsSchema, (name, { faults }) => {
  const target = createDemoTarget(faults === undefined ? {} : { faults });
  return {
    describe: { ...target.describe, name },
    chat: (request, signal) => target.chat(request, signal),
  };
});
