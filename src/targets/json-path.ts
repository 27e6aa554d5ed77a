/** Steps into a JSON value: names of members and positions in lists. */
export type JsonPath = readonly string[];

/** What a path may look like: a JSON pointer (RFC 6901), or names and positions as in `choices[0].message.content`. */
const POINTER = /^(\/([^~/]|~[01])*)+$/;
const DOTTED = /^[^\s.[\]/]+(\.[^\s.[\]/]+|\[\d+\])*$/;

/** The steps of a path as it was written; undefined when it is none. */
export function parsePath(written: string): JsonPath | undefined {
  if (POINTER.test(written)) {
    return written
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  if (DOTTED.test(written)) return written.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  return undefined;
}

/** What stands at a path of an untrusted value; undefined when nothing does. */
export function valueAt(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.getOwnPropertyDescriptor(at, step)?.value;
  }
  return at;
}
