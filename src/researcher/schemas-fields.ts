import { z } from 'zod';

/** Text with content, of at most so many characters. */
export function text(maxChars: number): z.ZodString {
  return z.string().trim().min(1).max(maxChars);
}

/** A JSON object of bounded size. */
export const jsonObject = z
  .record(z.string().max(200), z.json())
  .refine((value) => JSON.stringify(value).length <= 10_000, 'Expected at most 10000 characters of JSON')
  .meta({ id: 'JsonObject', description: 'any JSON object' });

/** Constructs of JavaScript's regular expressions that RE2, which runs them in linear time, does not have. */
const NOT_IN_RE2 = /\(\?<?[=!]|\\[1-9]|\\k</;

/** A regular expression in the part of the syntax that JavaScript and RE2 share. */
export const pattern = z
  .string()
  .min(1)
  .max(500)
  .refine(compiles, 'Expected a regular expression without look-around and back-references (RE2)')
  .meta({ description: 'regular expression in RE2 syntax: no look-around, no back-references' });

function compiles(source: string): boolean {
  if (NOT_IN_RE2.test(source)) return false;
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}
