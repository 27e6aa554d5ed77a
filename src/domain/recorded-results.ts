import type { ToolCall } from './chat';
import type { Detector } from './detector';
import type { RecordedCall } from './experiment';
import { callIdentity } from './tool-arguments';

/** Gives recorded results back: the same call takes those of its like one after the other, and none a second time. */
export class RecordedResults {
  private readonly left = new Map<string, string[]>();

  constructor(recorded: readonly RecordedCall[]) {
    for (const { name, arguments: given, result } of recorded) {
      const identity = callIdentity({ id: '', name, arguments: given });
      this.left.set(identity, [...(this.left.get(identity) ?? []), result]);
    }
  }

  /** Undefined when none is left, or none was recorded. */
  take(call: ToolCall): string | undefined {
    return this.left.get(callIdentity(call))?.shift();
  }
}

/** Detectors that, once they fire, fire on whatever follows: they decide a play that could not go on. */
const FINAL: ReadonlySet<Detector['kind']> = new Set([
  'unknown_tool',
  'tool_loop',
  'tool_called',
  'tool_order_violated',
  'tool_arguments_violate',
  'finish_reason',
] satisfies readonly Detector['kind'][]);

/** Whether nothing that comes later can take the finding back. */
export function firesForGood(detector: Detector): boolean {
  if (detector.kind === 'all' || detector.kind === 'any' || detector.kind === 'at_least') {
    return detector.of.every(firesForGood);
  }
  return FINAL.has(detector.kind);
}
