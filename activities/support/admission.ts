import type { Reservation } from '../../src/ports/ledger';
import { reservationOf } from './play';
import type { Play, PlaySession } from './play';

/** How many rounds of plays are reserved in one statement. */
const ROUNDS = 2;

/**
 * Reserves for plays in their order, a group at a time and a round before they are needed. Whatever is reserved and not
 * settled when the process dies counts as spent, although most of it never began: no more may be open than keeps the
 * plays from waiting for the ledger.
 */
export class Admission<P extends Play> {
  readonly refused: P[] = [];
  readonly fullScopes = new Set<string>();
  private readonly groups = new Map<number, Promise<readonly Reservation[]>>();
  private readonly untouched = new Set<string>();
  private admitted = 0;

  constructor(
    private readonly plans: readonly P[],
    private readonly session: PlaySession,
    private readonly parallel: number,
  ) {}

  get admitsAny(): boolean {
    return this.admitted > 0;
  }

  /** The ledger key for the plan at this position, to be given to `begin`; undefined when the budget has no room. */
  async keyOf(index: number): Promise<string | undefined> {
    const size = this.parallel * ROUNDS;
    const group = this.reserve(Math.floor(index / size), size);
    if (index + this.parallel < this.plans.length) {
      this.reserve(Math.floor((index + this.parallel) / size), size).catch(() => undefined);
    }
    const reservation = (await group)[index % size];
    return reservation?.admitted === true ? reservation.key : undefined;
  }

  /** From now on the reservation is the play's to settle. */
  begin(key: string): void {
    this.untouched.delete(key);
  }

  /** Gives back what was reserved and not begun. */
  async release(): Promise<void> {
    await Promise.allSettled(this.groups.values());
    const settlements = [...this.untouched].map((key) => ({ key, outcome: 'released' as const }));
    await this.session.ledger.settle(settlements);
  }

  private reserve(number: number, size: number): Promise<readonly Reservation[]> {
    const known = this.groups.get(number);
    if (known !== undefined) return known;
    const plans = this.plans.slice(number * size, (number + 1) * size);
    const reserving = this.answered(plans);
    this.groups.set(number, reserving);
    return reserving;
  }

  /** The reservations, in the order of the plans. */
  private async answered(plans: readonly P[]): Promise<readonly Reservation[]> {
    const reservations = await this.session.reserve(plans.map((plan) => reservationOf(plan, this.session)));
    for (const [index, reservation] of reservations.entries()) {
      const plan = plans[index];
      if (reservation.admitted) {
        this.admitted += 1;
        this.untouched.add(reservation.key);
      } else {
        this.fullScopes.add(reservation.fullScope);
        if (plan !== undefined) this.refused.push(plan);
      }
    }
    return reservations;
  }
}
