import type { z } from 'zod';
import { experimentDesignSchema } from '../schemas';
import type { ExperimentFamily, FamilyExperiment, FamilyMistake } from './family';
import type { CaseFile, ControlFile, ExperimentFile, FamilyFile } from './family-file';
import { expandCase, expandControl, type Expanded } from './expand-case';
import { Place } from './scope';

const DEFAULT_OUTPUT_TOKENS = 400;
/** Settings of a case as the file writes them, where it writes them otherwise. */
const WRITTEN_AS: Readonly<Record<string, string>> = {
  failsWhen: 'fails_when',
  systemPrompt: 'system_prompt',
  adaptiveTurns: 'adaptive_turns',
};

/** Makes the experiments that a family file stands for; what is wrong with it, all at once, where it stands for none. */
export function expandFamily(file: FamilyFile): {
  readonly family?: ExperimentFamily;
  readonly mistakes: readonly FamilyMistake[];
} {
  const mistakes: FamilyMistake[] = [];
  const top = new Place(new Map(), [], file.failure_type, mistakes).valued(file.values, '');
  const experiments = file.experiments.flatMap((written, index) => {
    const place = top.at('experiments', index);
    return place.copies(written.parameters).map((copy) => expandExperiment(written, copy, file, mistakes));
  });
  const titles = experiments.map(({ title }) => title);
  const twice = titles.find((title, index) => titles.indexOf(title) !== index);
  if (twice !== undefined) mistakes.push({ path: ['experiments'], message: `two have the title ${twice}` });
  if (mistakes.length > 0) return { mistakes };
  const { failure_type: failureType, surface: targetSurface, expected_failure: expectedFailure } = file;
  return { family: { failureType, targetSurface, expectedFailure, experiments }, mistakes };
}

function expandExperiment(
  written: ExperimentFile,
  copy: Place,
  file: FamilyFile,
  mistakes: FamilyMistake[],
): FamilyExperiment {
  const title = String(copy.at('title').fill(written.title));
  const place = copy.valued(written.values, title);
  const given = { ...file.given, ...written.given };
  const shared: CaseFile = {
    ...given,
    ...file.each_case,
    ...written.each_case,
    values: { ...file.each_case?.values, ...written.each_case?.values },
  };
  const cases = written.cases.flatMap((one, index) =>
    expandCase(
      { ...shared, ...one, values: { ...one.values, ...without(shared.values, one.values) } },
      place.at('cases', index),
      file.tools,
    ),
  );
  const { list, at } = controlsOf(written, file, place);
  const controls = list.flatMap((one, index) =>
    expandControl({ ...given, ...one }, at.at(index), file.tools),
  );
  const design = {
    title,
    maxOutputTokens: written.max_output_tokens ?? file.max_output_tokens ?? DEFAULT_OUTPUT_TOKENS,
    cases: cases.map(({ testCase }) => testCase),
    controls: controls.map(({ testCase }) => testCase),
    failureType: file.failure_type,
    destructive: false,
  };
  const checked = experimentDesignSchema.safeParse(design);
  if (!checked.success) {
    // What comes out of a gap is not worth a second complaint.
    if (mistakes.length === 0) {
      mistakes.push(...checked.error.issues.map((issue) => mistakeOf(issue, place, { cases, controls })));
    }
    return { title, cases: [], controls: [], maxOutputTokens: DEFAULT_OUTPUT_TOKENS };
  }
  const { failureType: _failureType, destructive: _destructive, ...experiment } = checked.data;
  return experiment;
}

/** What a case shares with the others and does not set itself; it may use what the case sets. */
function without(
  shared: CaseFile['values'] = {},
  own: CaseFile['values'] = {},
): NonNullable<CaseFile['values']> {
  return Object.fromEntries(Object.entries(shared).filter(([name]) => !Object.hasOwn(own, name)));
}

/** Those of the experiment, else those of the file. */
function controlsOf(
  written: ExperimentFile,
  file: FamilyFile,
  place: Place,
): { readonly list: readonly ControlFile[]; readonly at: Place } {
  if (written.controls !== undefined) return { list: written.controls, at: place.at('controls') };
  if (file.controls === undefined) place.complain('controls are missing, here and in the whole file');
  return { list: file.controls ?? [], at: place.moved(['controls']) };
}

function mistakeOf(
  issue: z.core.$ZodIssue,
  place: Place,
  expanded: { readonly cases: readonly Expanded[]; readonly controls: readonly Expanded[] },
): FamilyMistake {
  const [part, index, setting, ...inner] = issue.path;
  const list = part === 'cases' ? expanded.cases : part === 'controls' ? expanded.controls : [];
  const from = typeof index === 'number' ? list[index]?.place.path : undefined;
  if (from === undefined) return { path: [...place.path, ...issue.path], message: issue.message };
  const written = setting === undefined ? [] : [WRITTEN_AS[String(setting)] ?? setting, ...inner];
  return { path: [...from, ...written], message: issue.message };
}
