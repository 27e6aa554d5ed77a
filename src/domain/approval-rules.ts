/** How people are asked in a mode, deadlines apart. */
export interface ApprovalRules {
  /** What becomes of what needs a person: `reject` asks nobody. */
  readonly onReview: 'wait' | 'reject';
  /** Whether an approval must say why. */
  readonly requireComment: boolean;
  /** Whether people are told of what was blocked. */
  readonly notifyOnBlock: boolean;
  /** The share of the time until the deadline after which people are reminded; 0: never. */
  readonly reminderAt: number;
  /** The same for escalation. */
  readonly escalateAt: number;
}

export const REMINDER_KINDS = ['reminder', 'escalation'] as const;
export type ReminderKind = (typeof REMINDER_KINDS)[number];

/** What people are sent of a question that still waits. */
export interface Reminder {
  readonly kind: ReminderKind;
  /** Epoch milliseconds. */
  readonly atMs: number;
}

/** What is sent between the question and its deadline, in the order of its time. */
export function remindersOf(
  askedAtMs: number,
  deadlineMs: number,
  { reminderAt, escalateAt }: Pick<ApprovalRules, 'reminderAt' | 'escalateAt'>,
): readonly Reminder[] {
  const at = (share: number): number => Math.floor(askedAtMs + share * (deadlineMs - askedAtMs));
  const all: readonly (Reminder & { readonly share: number })[] = [
    { kind: 'reminder', atMs: at(reminderAt), share: reminderAt },
    { kind: 'escalation', atMs: at(escalateAt), share: escalateAt },
  ];
  return all
    .filter(({ share }) => share > 0)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ kind, atMs }) => ({ kind, atMs }));
}
