import type { FamilyMistake } from './family';
import { chanceOf, numberOf, secretOf } from './chance';
import type { Parameters, Values } from './family-file';
import { fillerWith } from './filler';
import { Filling, type Scope, type Value } from './template';

/** A place in a family file: what its parameters are, and where mistakes are noted. */
export class Place {
  constructor(
    readonly scope: Scope,
    readonly path: readonly PropertyKey[],
    /** What chance depends on. */
    private readonly seed: string,
    private readonly mistakes: FamilyMistake[],
  ) {}

  /** The entry of the file below this place. */
  at(...steps: readonly PropertyKey[]): Place {
    return new Place(this.scope, [...this.path, ...steps], this.seed, this.mistakes);
  }

  /** Another entry of the file, with the parameters of this place. */
  moved(path: readonly PropertyKey[]): Place {
    return new Place(this.scope, path, this.seed, this.mistakes);
  }

  complain(message: string): void {
    this.mistakes.push({ path: this.path, message });
  }

  /** This place with parameters added, or given another value. */
  with(added: Readonly<Record<string, Value>>): Place {
    const scope = new Map([...this.scope, ...Object.entries(added)]);
    return new Place(scope, this.path, this.seed, this.mistakes);
  }

  /** The data with the parameters of this place filled in. */
  fill(data: unknown): unknown {
    return new Filling(this.scope, this.mistakes).fill(data, this.path);
  }

  private value(written: Value): Value {
    return new Filling(this.scope, this.mistakes).value(written, this.path);
  }

  /** The number that is written here, or that a parameter stands for. */
  number(written: number | string): number {
    const filled = this.fill(written);
    if (typeof filled === 'number') return filled;
    if (typeof written === 'number' || this.scope.has(written.replace(/[{} ]/g, ''))) {
      this.complain(`${String(written)} is not a number`);
    }
    return 0;
  }

  /** One place for every row and every combination of the parameters under `parameters`. */
  copies(parameters: Parameters | undefined): readonly Place[] {
    if (parameters === undefined) return [this];
    const combinations = Object.entries(parameters.product).reduce<
      readonly Readonly<Record<string, Value>>[]
    >(
      (before, [name, list]) => before.flatMap((one) => list.map((value) => ({ ...one, [name]: value }))),
      [{}],
    );
    const copies = parameters.rows.flatMap((row, index) =>
      combinations.map((combination) => {
        const filled: Record<string, Value> = {};
        for (const [name, value] of Object.entries(row)) {
          filled[name] = this.at('parameters', 'rows', index, name).value(value);
        }
        return this.with({ ...filled, ...combination });
      }),
    );
    return copies.map(
      (copy, index) => new Place(copy.scope, copy.path, `${this.seed}/${index}`, this.mistakes),
    );
  }

  /** This place with the values that are written or drawn here, `seed` telling it from other places. */
  valued(values: Values | undefined, seed: string): Place {
    const here = new Place(this.scope, this.path, `${this.seed}/${seed}`, this.mistakes);
    return Object.entries(values ?? {}).reduce<Place>((place, [name, written]) => {
      const value = place.at('values', name).drawn(written, chanceOf(`${here.seed}/${name}`));
      return value === undefined ? place : place.with({ [name]: value });
    }, here);
  }

  private drawn(written: Values[string], chance: () => number): Value | undefined {
    if (typeof written !== 'object' || Array.isArray(written)) return this.value(written);
    if ('secret' in written) return secretOf(written.secret, chance);
    if ('number' in written) {
      const unlike = written.number.unlike.map((one, index) =>
        this.at('number', 'unlike', index).number(one),
      );
      const drawn = numberOf({ ...written.number, unlike }, chance);
      if (drawn === undefined) this.complain('no such number is left');
      return drawn;
    }
    const { chars, start, needles } = written.filler;
    const place = this.at('filler');
    return fillerWith(
      place.at('chars').number(chars),
      place.at('start').number(start),
      place.needles(needles),
    );
  }

  needles(
    written: readonly { readonly text: string; readonly at: number | string }[],
  ): readonly { readonly text: string; readonly at: number }[] {
    return written.map(({ text, at }, index) => {
      const place = this.at('needles', index);
      const depth = place.at('at').number(at);
      if (depth < 0 || depth > 1) place.at('at').complain('a place in the text is from 0 to 1');
      return { text: String(place.at('text').fill(text)), at: depth };
    });
  }
}
