import type { Target } from '../../src/ports/target';

interface Waiter {
  readonly alone: boolean;
  readonly admit: () => void;
}

/**
 * Who plays against a target in this process: any number of ordinary plays at once, or one with load and nothing beside it,
 * since what it measures is the load that it makes. First come, first served, so that none waits for ever.
 */
class TargetTraffic {
  private readonly waiting: Waiter[] = [];
  private sharing = 0;
  private isAlone = false;

  async pass<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((admit) => {
      this.waiting.push({ alone, admit });
      this.admitNext();
    });
    try {
      return await work();
    } finally {
      if (alone) this.isAlone = false;
      else this.sharing -= 1;
      this.admitNext();
    }
  }

  private admitNext(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (this.isAlone || (next.alone && this.sharing > 0)) return;
      this.waiting.shift();
      if (next.alone) this.isAlone = true;
      else this.sharing += 1;
      next.admit();
    }
  }
}

const traffic = new WeakMap<Target, TargetTraffic>();

/** Plays against a target when its traffic allows: `alone`, with no other play of this process beside it. */
export function inTraffic<T>(target: Target, alone: boolean, work: () => Promise<T>): Promise<T> {
  const ofTarget = traffic.get(target) ?? new TargetTraffic();
  traffic.set(target, ofTarget);
  return ofTarget.pass(alone, work);
}
