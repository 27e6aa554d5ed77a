import { assert, double, integer, property } from 'fast-check';
import { remindersOf } from '../../src/domain/approval-rules';

const share = double({ min: 0, max: 0.99, noNaN: true });

it('what is sent comes between the question and its deadline, in order, each kind at most once', () => {
  assert(
    property(
      integer({ min: 0, max: 4e12 }),
      integer({ min: 1_000, max: 365 * 86_400_000 }),
      share,
      share,
      (askedAt, waitMs, reminderAt, escalateAt) => {
        const sent = remindersOf(askedAt, askedAt + waitMs, { reminderAt, escalateAt });
        const times = sent.map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(times.every((at) => at >= askedAt && at < askedAt + waitMs)).toBe(true);
        expect(sent.map(({ kind }) => kind).toSorted()).toEqual([
          ...(escalateAt > 0 ? ['escalation'] : []),
          ...(reminderAt > 0 ? ['reminder'] : []),
        ]);
      },
    ),
  );
});

it('a reminder gives way to an escalation of the same moment', () => {
  const sent = remindersOf(0, 1_000, { reminderAt: 0.5, escalateAt: 0.5 });
  expect(sent.map(({ kind }) => kind)).toEqual(['reminder', 'escalation']);
});
