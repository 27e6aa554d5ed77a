import { z } from 'zod';
import { nearestName, type ConfigMistake } from './mistakes';

/** What has been checked against a schema, and how to find and name the places in it. */
export interface Checked {
  readonly schema: z.ZodType;
  /** The place of a value, or of what encloses it. */
  readonly locate: (path: readonly PropertyKey[]) => string;
  /** The place of an unknown name in the mapping at a path; without it, that of the mapping. */
  readonly locateKey?: ((path: readonly PropertyKey[], key: string) => string) | undefined;
  /** What a name in the mapping at a path would be. */
  readonly nameOf: (path: readonly PropertyKey[]) => string;
}

/** What a schema found wrong, each with its place and the name that may have been meant. */
export function mistakesOf(issue: z.core.$ZodIssue, checked: Checked): readonly ConfigMistake[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownNames(checked.schema, path);
    return issue.keys.map((key) => ({
      where: checked.locateKey?.(path, key) ?? checked.locate(path),
      field: [...path, key].join('.'),
      message: `unknown ${checked.nameOf(path)}${suggestion(key, known)}`,
    }));
  }
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const meant =
    issue.code === 'invalid_value' && typeof issue.input === 'string'
      ? suggestion(issue.input, issue.values.map(String))
      : '';
  return [{ where: checked.locate(path), field: path.join('.'), message: `${message}${meant}` }];
}

/** What to add to a complaint about a name: the known one that may have been meant, if there is one. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** The names that are known at a path; empty where any name may stand. */
function knownNames(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const [step, ...rest] = path;
  const mapping = unwrap(schema);
  if (mapping instanceof z.ZodObject) {
    return step === undefined ? Object.keys(mapping.shape) : knownNames(mapping.shape[String(step)], rest);
  }
  if (mapping instanceof z.ZodArray) return knownNames(mapping.element, rest);
  if (!(mapping instanceof z.ZodRecord)) return [];
  if (step !== undefined) return knownNames(mapping.valueType, rest);
  return mapping.keyType instanceof z.ZodEnum ? mapping.keyType.options.map(String) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrap(schema.unwrap())
    : schema;
}
