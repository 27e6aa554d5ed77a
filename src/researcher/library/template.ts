import type { FamilyMistake } from './family';

/** What a parameter stands for; a list stands for several entries of the list it is put into. */
export type Value = string | number | boolean | readonly string[];

/** Parameters by name. */
export type Scope = ReadonlyMap<string, Value>;

/** `{{answer}}` is not filled in: it belongs to adaptive turns, and stands for what the target said. */
const RESERVED = 'answer';
const PARAMETER = /\{\{ *([a-z][a-z0-9_]*) *\}\}/g;

/** Fills parameters into data of a family file, and notes what cannot be filled. */
export class Filling {
  constructor(
    private readonly scope: Scope,
    private readonly mistakes: FamilyMistake[],
  ) {}

  /**
   * The data with every `{{name}}` replaced, in all strings at any depth; keys stay. A string that is one parameter and
   * nothing else becomes its value, so that numbers stay numbers.
   */
  fill(data: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof data === 'string') return this.text(data, path);
    if (Array.isArray(data)) {
      return data.flatMap((entry: unknown, index): readonly unknown[] => {
        const at = [...path, index];
        return typeof entry === 'string' ? listOf(this.text(entry, at)) : [this.fill(entry, at)];
      });
    }
    if (typeof data !== 'object' || data === null) return data;
    return Object.fromEntries(
      Object.entries(data).map(([key, entry]) => [key, this.fill(entry, [...path, key])]),
    );
  }

  /** A value that may be made of other parameters. */
  value(written: Value, path: readonly PropertyKey[]): Value {
    if (typeof written === 'string') return this.text(written, path);
    if (typeof written !== 'object') return written;
    return written.flatMap((entry, index) => listOf(this.text(entry, [...path, index])).map(String));
  }

  private text(text: string, path: readonly PropertyKey[]): Value {
    const whole = /^\{\{ *([a-z][a-z0-9_]*) *\}\}$/.exec(text)?.[1];
    if (whole !== undefined && whole !== RESERVED) return this.valueOf(whole, path) ?? text;
    const filled = text.replace(PARAMETER, (written, name: string) => {
      if (name === RESERVED) return written;
      const value = this.valueOf(name, path);
      if (typeof value === 'object') this.complain(path, `{{${name}}} is a list, which no text can hold`);
      return String(value ?? written);
    });
    const odd = text.replaceAll(PARAMETER, '').match(/\{\{.{0,30}/)?.[0];
    if (odd !== undefined) this.complain(path, `no parameter can be read from ${JSON.stringify(odd)}`);
    return filled;
  }

  private valueOf(name: string, path: readonly PropertyKey[]): Value | undefined {
    const value = this.scope.get(name);
    if (value === undefined) {
      const known = [...this.scope.keys()].join(', ') || 'none';
      this.complain(path, `there is no parameter {{${name}}} here; there are: ${known}`);
    }
    return value;
  }

  private complain(path: readonly PropertyKey[], message: string): void {
    this.mistakes.push({ path, message });
  }
}

function listOf(value: Value): readonly (string | number | boolean)[] {
  return typeof value === 'object' ? value : [value];
}
