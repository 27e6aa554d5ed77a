import type { Clock } from '../src/targets/demo';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** A clock that goes on to the next moment for which somebody waits, as soon as nothing else is left to do. */
export class VirtualClock implements Clock {
  private readonly sleepers: Sleeper[] = [];
  private time = 0;

  now(): number {
    return this.time;
  }

  async pause(ms: number): Promise<void> {
    await new Promise<void>((wake) => {
      this.sleepers.push({ wakesAt: this.time + ms, wake });
      if (this.sleepers.length === 1) setImmediate(() => this.goOn());
    });
  }

  private goOn(): void {
    const next = Math.min(...this.sleepers.map(({ wakesAt }) => wakesAt));
    const index = this.sleepers.findIndex(({ wakesAt }) => wakesAt === next);
    const [sleeper] = this.sleepers.splice(index, 1);
    this.time = next;
    sleeper?.wake();
    if (this.sleepers.length > 0) setImmediate(() => this.goOn());
  }
}
