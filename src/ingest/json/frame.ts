import { LEAF, type ListPlan } from './list-plan';

/** An open container on the way to the records: a list that can be cut, or the object that such a list is in. */
export class Frame {
  /** Of the element that is open, or comes next. */
  index = 0;
  /** Of the first element that is still kept. */
  first = 0;
  /** The contents of lists that are closed already: where they start and end. */
  readonly closed: number[] = [];
  /** What closes this container and all that it is in. */
  readonly closers: string;

  constructor(
    readonly parent: Frame | null,
    readonly isList: boolean,
    /** Empty where it is an element or the document. */
    private readonly key: string,
    private readonly plan: ListPlan,
    private opened: number,
  ) {
    this.closers = (isList ? ']' : '}') + (parent?.closers ?? '');
  }

  /** Of its opening bracket. */
  get start(): number {
    return this.opened;
  }

  /** How a container in this one is to be followed; null when records are not below it. */
  planOf(isList: boolean, key: string): ListPlan | null {
    if (this.isList && !isList) return this.plan === LEAF ? null : this.plan;
    return Object.hasOwn(this.plan, key) ? (this.plan[key] ?? null) : null;
  }

  /** The lists that this is in and is, from the outermost. */
  lists(): readonly Frame[] {
    const outer = this.parent?.lists() ?? [];
    return this.isList ? [...outer, this] : outer;
  }

  /** A JSON pointer from the list around it, or from the document. */
  path(): string {
    const outer = this.parent === null || this.parent.isList ? '' : this.parent.path();
    return this.key === '' ? outer : `${outer}/${this.key}`;
  }

  moveBy(bytes: number): void {
    this.opened -= bytes;
    for (let at = 0; at < this.closed.length; at++) this.closed[at]! -= bytes;
    this.parent?.moveBy(bytes);
  }

  /** From now on it begins there, with that element. */
  restartAt(start: number, index: number): void {
    this.opened = start;
    this.first = index;
    this.closed.length = 0;
  }

  /** What of it comes before the container within it that starts at `inner`. */
  opening(bytes: Buffer, inner: number): Buffer {
    if (this.isList) return Buffer.from('[');
    const kept: Buffer[] = [];
    let from = this.opened;
    for (let at = 0; at < this.closed.length; at += 2) {
      kept.push(bytes.subarray(from, this.closed[at]));
      from = this.closed[at + 1] ?? from;
    }
    return Buffer.concat([...kept, bytes.subarray(from, inner)]);
  }
}

/**
 * The text that opens a list again, within all that it is in, without the elements before. From then on the lists begin
 * with what follows `at`, where that text is put.
 */
export function reopen(list: Frame, bytes: Buffer, at: number): Buffer {
  const parts: { readonly frame: Frame; readonly text: Buffer }[] = [];
  let inner = -1;
  for (let frame: Frame | null = list; frame !== null; frame = frame.parent) {
    parts.push({ frame, text: frame.opening(bytes, inner) });
    inner = frame.start;
  }
  let start = at;
  for (const { frame, text } of parts) {
    start -= text.length;
    frame.restartAt(start, frame === list ? frame.index + 1 : frame.index);
  }
  return Buffer.concat(parts.toReversed().map(({ text }) => text));
}
