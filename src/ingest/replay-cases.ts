import type { ReplayCase } from '../domain/replay-case';
import type { TraceFailure } from '../domain/trace-failures';
import type { TraceStore } from '../ports/trace-store';
import { replayCaseOf } from './replay-case';

/** Model calls behind a failure that can be made again, one a trace, in the order of the traces. */
export async function replayCasesOf(
  traces: Pick<TraceStore, 'read' | 'signalsOf'>,
  { traceIds, trigger, failureType }: TraceFailure,
  limit: number,
): Promise<readonly ReplayCase[]> {
  const cases: ReplayCase[] = [];
  for (const traceId of traceIds) {
    if (cases.length === limit) break;
    const trace = await traces.read(traceId);
    if (trace === undefined) continue;
    const signals = (await traces.signalsOf(traceId)).filter(
      (one) => one.failureType === failureType && one.trigger === trigger,
    );
    const found = signals.map((signal) => replayCaseOf(trace, signal)).find((one) => 'testCase' in one);
    if (found !== undefined && 'testCase' in found) cases.push(found);
  }
  return cases;
}
