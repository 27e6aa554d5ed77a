import { randomInt } from 'node:crypto';

/** When a process is killed: so long after the target was asked, or has answered, its n-th call of the cycle. */
export interface Moment {
  readonly group: PhaseGroup;
  /** 0: at once. */
  readonly call: number;
  readonly at: 'asked' | 'answered';
  readonly delayMs: number;
}

/** `thinking` is every phase that calls no target: they take milliseconds. */
export const PHASE_GROUPS = ['thinking', 'execution', 'simulation'] as const;
export type PhaseGroup = (typeof PHASE_GROUPS)[number];

/** Calls of an undisturbed cycle: in the experiments, and in all. */
export interface CallCounts {
  readonly execution: number;
  readonly all: number;
}

/** The writes of a step are done within about this time of its last answer. */
const AFTERMATH_MS = 120;

/** The dice of the fault tests; `TINMAN_FAULT_SEED` repeats what they threw, as far as the machine allows. */
export class FaultDice {
  readonly seed = Number(process.env.TINMAN_FAULT_SEED ?? randomInt(1, 1_000_000));
  private state = this.seed;

  /** A whole number from `from` to `to`, both included; xorshift with a multiplication, after Marsaglia and Vigna. */
  between(from: number, to: number): number {
    this.state = (this.state + 0x9e37_79b9) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return from + (((mixed ^ (mixed >>> 15)) >>> 0) % (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  moment(group: PhaseGroup, { execution, all }: CallCounts): Moment {
    const at = this.pick(['asked', 'answered'] as const);
    if (group === 'thinking') {
      // The beginning, the discovery behind the last run, the lessons behind the last replay.
      const call = this.pick([0, execution, all]);
      return { group, call, at: 'answered', delayMs: this.between(0, AFTERMATH_MS) };
    }
    const [from, to] = group === 'execution' ? [1, execution - 1] : [execution + 1, all - 1];
    return { group, call: this.between(from, to), at, delayMs: this.between(0, 80) };
  }
}

/** The number of kills that `test:faults --kills` asks for; 0 when it does not. */
export const KILLS_ASKED = Number(process.env.TINMAN_FAULT_KILLS ?? 0);

/** How many kills a test may do: as many as fit into its share of the clock, or its share of those asked for. */
export class KillAllowance {
  private readonly startedAt = Date.now();

  constructor(
    private readonly shareMs: number,
    private readonly part: number,
  ) {}

  /** Whether there is room for another one that takes so long. */
  allows(done: number, takesMs: number): boolean {
    if (KILLS_ASKED > 0) return done < KILLS_ASKED * this.part;
    return Date.now() - this.startedAt + takesMs < this.shareMs;
  }
}
