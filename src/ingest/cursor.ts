const NONE: readonly number[] = [];

/**
 * A place in a document, as a JSON pointer. `starts` are the indices that the first elements of the lists on the way
 * have in the whole document, when this is a part cut from it.
 */
export class Cursor {
  constructor(
    private readonly path: string,
    private readonly starts: readonly number[] = NONE,
  ) {}

  /** The pointer of the element of the list under `key`, or of the list itself that this is when `key` is empty. */
  pointer(key: string, index: number): string {
    const shown = index + (this.starts[0] ?? 0);
    return key === '' ? `${this.path}/${shown}` : `${this.path}/${key}/${shown}`;
  }

  /** Into that element. */
  element(key: string, index: number): Cursor {
    return new Cursor(this.pointer(key, index), index === 0 ? this.starts.slice(1) : NONE);
  }

  /** Into a member that is not a list. */
  member(key: string): Cursor {
    return new Cursor(`${this.path}/${key}`, this.starts);
  }

  toString(): string {
    return this.path.trimEnd();
  }
}
