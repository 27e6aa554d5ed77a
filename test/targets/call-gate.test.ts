import * as fc from 'fast-check';
import { CallError } from '../../src/ports/call-error';
import { CallGate } from '../../src/targets/call-gate';

const never = new AbortController().signal;

describe('the gate of a target', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  /** Begins calls at the given times and ends each after `lastsMs`; returns when each really began, in order. */
  async function beginnings(gate: CallGate, wanted: readonly number[], lastsMs: number): Promise<number[]> {
    const start = performance.now();
    const begun: number[] = [];
    const calls = wanted.map(async (atMs) => {
      await new Promise((resolve) => setTimeout(resolve, atMs));
      await gate.pass(never, async () => {
        begun.push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve, lastsMs));
      });
    });
    await jest.runAllTimersAsync();
    await Promise.all(calls);
    return begun;
  }

  it('lets calls without limits begin when they want to', async () => {
    expect(await beginnings(new CallGate({}), [0, 0, 5, 9], 1_000)).toEqual([0, 0, 5, 9]);
  });

  it('never lets more begin in any minute than it may, and none later than it must', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 150_000 }), { minLength: 1, maxLength: 25 }),
        async (requestsPerMinute, wanted) => {
          const begun = await beginnings(new CallGate({ requestsPerMinute }), wanted, 10);
          expect(begun).toHaveLength(wanted.length);
          const inOrder = wanted.toSorted((a, b) => a - b);
          for (const [index, at] of begun.entries()) {
            const before = begun[index - requestsPerMinute];
            const soonest = Math.max(inOrder[index] ?? 0, before === undefined ? 0 : before + 60_000);
            expect(at).toBeGreaterThanOrEqual(soonest - 1e-6);
            expect(at).toBeLessThanOrEqual(soonest + 2);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('serves those who wait in their order, and passes over who gave up', async () => {
    const gate = new CallGate({ maxConcurrency: 1 });
    const order: string[] = [];
    const impatient = new AbortController();
    const hold = gate.pass(never, () => new Promise<void>((resolve) => setTimeout(resolve, 100)));
    const first = gate.pass(never, async () => void order.push('first'));
    const gone = gate.pass(impatient.signal, async () => void order.push('gone'));
    const last = gate.pass(never, async () => void order.push('last'));
    impatient.abort();
    await expect(gone).rejects.toMatchObject({ kind: 'aborted', options: { maybeBilled: false } });
    await jest.runAllTimersAsync();
    await Promise.all([hold, first, last]);
    expect(order).toEqual(['first', 'last']);
  });

  it('waits for a Retry-After, but for no hour, and not for failures without one', async () => {
    const gate = new CallGate({});
    const refuse = (retryAfterMs?: number): Promise<unknown> =>
      gate
        .pass(never, () =>
          Promise.reject(
            new CallError('rate_limited', 'slower', {
              retryable: true,
              maybeBilled: false,
              ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
            }),
          ),
        )
        .catch((error: unknown) => error);
    await refuse();
    expect(await beginnings(gate, [0], 1)).toEqual([0]);
    await refuse(3_600_000);
    const [begun = 0] = await beginnings(gate, [0], 1);
    expect(begun).toBeGreaterThan(59_000);
    expect(begun).toBeLessThanOrEqual(60_001);
  });
});
