import { z } from 'zod';
import { createDemoTarget, DEMO_FAULT_NAMES, isDemoFault } from './demo';
import { targetKind } from './kind';

const faultName = z
  .string()
  .refine(isDemoFault, { error: `unknown demo fault; known: ${DEMO_FAULT_NAMES.join(', ')}` });

const shares = z.record(z.string(), z.number().min(0).max(1)).superRefine((value, context) => {
  for (const name of Object.keys(value)) {
    const problem = faultName.safeParse(name).error?.issues[0];
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem.message, path: [name] });
  }
});

const settingsSchema = z.strictObject({
  kind: z.literal('demo'),
  /** The planted faults that are active, by name or with the share of conversations in which each works. */
  faults: z.union([z.array(faultName).max(100), shares]).optional(),
});

/** The demo application, in this process. */
export const demo = targetKind(settingsSchema, (name, { faults }) => {
  const target = createDemoTarget(faults === undefined ? {} : { faults });
  return {
    describe: { ...target.describe, name },
    chat: (request, signal) => target.chat(request, signal),
  };
});
