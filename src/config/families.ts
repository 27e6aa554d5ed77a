import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../domain/canonical-json';
import { validateDetector, type DetectionEngines } from '../domain/detect';
import type { TestCase } from '../domain/experiment';
import { PACKAGE_ROOT } from '../package-root';
import {
  expandFamily,
  FAMILY_FILE,
  mergeFamilies,
  type ExperimentFamily,
  type ExperimentLibrary,
} from '../researcher/library';
import { readConfigFile } from './file';
import { mistakesOf } from './issues';
import { ConfigError, type ConfigMistake } from './mistakes';

/** A folder of family files: where it is, and what people call it. */
export interface FamilySource {
  readonly path: string;
  readonly shownAs: string;
}

/** The families of this package, one file a failure type. */
export const BUILT_IN_FAMILIES: FamilySource = { path: join(PACKAGE_ROOT, 'families'), shownAs: 'families' };

const VERSION_DIGITS = 12;

/**
 * Reads one family file. Without a family there are mistakes, each with line and column. Without engines, its patterns and
 * schemas are taken on trust.
 */
export function readFamily(
  { path, shownAs }: FamilySource,
  engines?: DetectionEngines,
): { readonly family?: ExperimentFamily; readonly mistakes: readonly ConfigMistake[] } {
  const { file, mistakes } = readConfigFile(path, shownAs);
  if (file === undefined) return { mistakes };
  const { locate, locateKey } = file;
  const parsed = FAMILY_FILE.safeParse(file.values, { reportInput: true });
  if (!parsed.success) {
    const checked = { schema: FAMILY_FILE, locate, locateKey, nameOf: () => 'entry' };
    return { mistakes: parsed.error.issues.flatMap((issue) => mistakesOf(issue, checked)) };
  }
  const expanded = expandFamily(parsed.data);
  const { family } = expanded;
  const found = family === undefined || engines === undefined ? expanded.mistakes : unusable(family, engines);
  if (found.length === 0 && family !== undefined) return { family, mistakes: [] };
  return {
    mistakes: found.map(({ path: at, message }) => ({ where: locate(at), field: at.join('.'), message })),
  };
}

/** @throws {ConfigError} with every mistake in the file. */
export function loadFamily(source: FamilySource, engines: DetectionEngines): ExperimentFamily {
  const { family, mistakes } = readFamily(source, engines);
  if (family === undefined) throw new ConfigError(mistakes);
  return family;
}

/** Reads every family file of a folder, by name. */
function readFamilies(
  { path, shownAs }: FamilySource,
  engines?: DetectionEngines,
): { readonly families: readonly ExperimentFamily[]; readonly mistakes: readonly ConfigMistake[] } {
  const files = familyFilesIn(path);
  if (files === undefined) {
    const missing = { where: shownAs, field: '', message: 'there is no such folder of family files' };
    return { families: [], mistakes: [missing] };
  }
  const read = files.map((name) =>
    readFamily({ path: join(path, name), shownAs: join(shownAs, name) }, engines),
  );
  return {
    families: read.flatMap(({ family }) => family ?? []),
    mistakes: read.flatMap(({ mistakes }) => mistakes),
  };
}

/**
 * The families of this package, and the user's own added to them.
 * @throws {ConfigError} with every mistake in the files.
 */
export function loadLibrary(engines: DetectionEngines, own?: FamilySource): ExperimentLibrary {
  // Those of this package are held by its tests.
  const read = [readFamilies(BUILT_IN_FAMILIES), ...(own === undefined ? [] : [readFamilies(own, engines)])];
  const mistakes = read.flatMap((one) => one.mistakes);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const families = mergeFamilies(read.flatMap((one) => one.families));
  const digest = createHash('sha256')
    .update(canonicalJson(JSON.parse(JSON.stringify(families))))
    .digest('hex');
  return { families, version: digest.slice(0, VERSION_DIGITS) };
}

function familyFilesIn(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted();
  } catch {
    return undefined;
  }
}

/** Patterns and schemas that no engine takes: what would leave all runs unassessed. */
function unusable(
  { experiments }: ExperimentFamily,
  engines: DetectionEngines,
): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  return experiments.flatMap(({ title, cases, controls }, index) =>
    [...cases, ...controls].flatMap((testCase) => {
      const problem = detectorsOf(testCase)
        .map((detector) => validateDetector(detector, engines))
        .find((found) => found !== undefined);
      if (problem === undefined) return [];
      return [{ path: ['experiments', index], message: `${title}: ${problem}` }];
    }),
  );
}

function detectorsOf({ failsWhen, adaptiveTurns = [] }: TestCase): readonly TestCase['failsWhen'][] {
  return [failsWhen, ...adaptiveTurns.flatMap(({ when }) => when ?? [])];
}
