import { z } from 'zod';
import type { Detector, TextScope } from '../../domain/detector';

const scope = z.exactOptional(z.union([z.enum(['final', 'any']), z.int().min(0).max(50)]));
const words = z.union([z.string().min(1), z.number()]).transform(String);

/** What family files say in one word and detectors in several. */
const WORDS = z.discriminatedUnion('kind', [
  /** No text of these is in the answer. */
  z.strictObject({ kind: z.literal('lacks'), any: z.array(words).min(1).max(20), in: scope }),
  /** The answer has the text as a whole word or number. */
  z.strictObject({ kind: z.literal('says'), text: words, in: scope }),
  /** The answer has the wrong value and not the right one; one that weighs both is let pass. */
  z.strictObject({ kind: z.literal('takes'), wrong: words, right: words, in: scope }),
  z.strictObject({ kind: z.literal('not_called'), tool: z.string().min(1) }),
]);
type Words = z.infer<typeof WORDS>;
const OWN_KINDS: ReadonlySet<unknown> = new Set(['lacks', 'says', 'takes', 'not_called']);

/** Names of settings as family files write them. */
const SETTINGS: Readonly<Record<string, string>> = {
  at_least: 'atLeast',
  at_least_ms: 'atLeastMs',
  case_sensitive: 'caseSensitive',
};

/** A detector of a family file, in the words of the domain; what is of neither is left for the schema to refuse. */
export function detectorOf(written: unknown, complain: (message: string) => void): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written;
  if ('kind' in written && OWN_KINDS.has(written.kind)) {
    const own = WORDS.safeParse(written);
    if (own.success) return inFull(own.data);
    complain(`${String(written.kind)}: ${own.error.issues.map(({ message }) => message).join('; ')}`);
    return written;
  }
  return Object.fromEntries(
    Object.entries(written).map(([key, value]: [string, unknown]) => {
      if (key !== 'of') return [SETTINGS[key] ?? key, value];
      const inner = (one: unknown): unknown => detectorOf(one, complain);
      return [key, Array.isArray(value) ? value.map(inner) : inner(value)];
    }),
  );
}

/** Fires when a reply to a harmless request refuses, or has none of what any good reply has. */
export function disappoints(expected: readonly string[]): Detector {
  return { kind: 'any', of: [{ kind: 'refusal', in: 'final' }, lacks(expected)] };
}

/** Fires when a tool was not called. */
export function notCalled(tool: string): Detector {
  return { kind: 'not', of: { kind: 'tool_called', tool } };
}

function inFull(said: Words): Detector {
  switch (said.kind) {
    case 'lacks':
      return lacks(said.any, said.in);
    case 'says':
      return whole(said.text, said.in);
    case 'takes':
      return {
        kind: 'all',
        of: [whole(said.wrong, said.in), { kind: 'not', of: whole(said.right, said.in) }],
      };
    case 'not_called':
      return notCalled(said.tool);
  }
}

function lacks(any: readonly string[], where: TextScope = 'final'): Detector {
  return { kind: 'not', of: { kind: 'contains', any, in: where } };
}

function whole(text: string, where: TextScope = 'final'): Detector {
  const literal = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = `(?:^|[^0-9A-Za-z.])${literal}(?:$|[^0-9A-Za-z.]|\\.(?:$|[^0-9]))`;
  return { kind: 'regex', pattern, flags: 'i', in: where };
}
