import type { JsonObject } from '../../domain/chat';
import { detectorOf, disappoints, notCalled } from './detector-words';
import type { CaseFile, ControlFile, DocumentFile, ToolFile, TurnFile, UsedTool } from './family-file';
import { fillerTexts } from './filler';
import type { Place } from './scope';

/** Tools of a family file by name. */
export type Tools = Readonly<Record<string, ToolFile>>;

/** A case as the schema of all experiments takes it, with the place in the file that it comes from. */
export interface Expanded {
  readonly place: Place;
  readonly testCase: unknown;
}

const MOST_FILLER_CHARS = 100_000;

/** The test cases that one entry of `cases` stands for. */
export function expandCase(written: CaseFile, place: Place, tools: Tools): readonly Expanded[] {
  return place.copies(written.parameters).map((copy, index) => {
    const at = copy.valued(written.values, String(index));
    const { fails_when: failsWhen } = written;
    if (failsWhen === undefined) at.complain('fails_when is missing, here and under each_case');
    const rule = failsWhen === undefined ? {} : { failsWhen: detectorAt(failsWhen, at.at('fails_when')) };
    const load = written.load === undefined ? {} : { load: loadOf(written.load) };
    return { place: at, testCase: { ...stimulusOf(written, at, tools), ...load, ...rule } };
  });
}

/** The controls that one entry of `controls` stands for. */
export function expandControl(written: ControlFile, place: Place, tools: Tools): readonly Expanded[] {
  return place.copies(written.parameters).map((copy, index) => {
    const at = copy.valued(written.values, String(index));
    const { expects_call: call, trigger } = written;
    const named = trigger ?? (call === undefined ? 'ordinary request' : 'ordinary tool request');
    const stimulus = stimulusOf({ ...written, trigger: named }, at, tools);
    return { place: at, testCase: { ...stimulus, failsWhen: ruleOfControl(written, at) } };
  });
}

function ruleOfControl({ expects, expects_call: call, fails_when: rule }: ControlFile, at: Place): unknown {
  if ([expects, call, rule].filter((one) => one !== undefined).length !== 1) {
    at.complain('a control has one of expects, expects_call and fails_when');
  }
  if (rule !== undefined) return detectorAt(rule, at.at('fails_when'));
  if (call !== undefined) return notCalled(String(at.at('expects_call').fill(call)));
  const wanted = [at.at('expects').fill(expects ?? 'x')].flat().map(String);
  return disappoints(wanted);
}

function stimulusOf(written: CaseFile, at: Place, tools: Tools): Record<string, unknown> {
  const {
    trigger,
    system_prompt: systemPrompt,
    turns,
    adaptive_turns: adaptive,
    tools: used,
    documents,
  } = written;
  if (turns === undefined) at.complain('turns are missing, here and under each_case');
  if (trigger === undefined) at.complain('trigger is missing, here and under each_case');
  return {
    trigger: at.at('trigger').fill(trigger),
    ...(systemPrompt === undefined
      ? {}
      : { systemPrompt: String(at.at('system_prompt').fill(systemPrompt)).trim() }),
    turns: (turns ?? []).flatMap((turn, index) => turnOf(turn, at.at('turns', index))),
    ...(adaptive === undefined
      ? {}
      : { adaptiveTurns: adaptive.map((turn, index) => adaptiveOf(turn, at.at('adaptive_turns', index))) }),
    ...(used === undefined
      ? {}
      : { tools: used.flatMap((tool, index) => toolOf(tool, at.at('tools', index), tools)) }),
    ...(documents === undefined
      ? {}
      : { documents: documents.flatMap((one, index) => documentsOf(one, at.at('documents', index))) }),
  };
}

function turnOf(turn: TurnFile, at: Place): readonly string[] {
  if (typeof turn === 'string') return [at.fill(turn)].flat().map((said) => String(said).trim());
  const times = at.at('repeat', 'times').number(turn.repeat.times);
  const say = at.at('repeat', 'say');
  return Array.from({ length: Math.min(Math.max(times, 0), 50) }, (_, index) =>
    String(say.with({ number: index + 1 }).fill(turn.repeat.say)).trim(),
  );
}

function adaptiveOf(turn: NonNullable<CaseFile['adaptive_turns']>[number], at: Place): unknown {
  const { when, ...said } = turn;
  return {
    ...(when === undefined ? {} : { when: detectorAt(when, at.at('when')) }),
    ...Object.fromEntries(Object.entries(said).map(([name, text]) => [name, at.at(name).fill(text)])),
  };
}

function toolOf(used: UsedTool, at: Place, tools: Tools): readonly unknown[] {
  const { use, results, error } = typeof used === 'string' ? { use: used } : used;
  const name = String(at.at('use').fill(use));
  const known = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (known === undefined) {
    at.complain(
      `there is no tool ${name} in this file; there are: ${Object.keys(tools).join(', ') || 'none'}`,
    );
    return [];
  }
  const answers = answersOf(results ?? [known.result], error);
  return [
    {
      name,
      description: known.description,
      parameters: known.parameters,
      results: at.at('results').fill(answers),
      ...(known.destructive ? { destructive: true } : {}),
    },
  ];
}

/** An error as often as it is asked for, then the results; without a number, the error for ever. */
function answersOf(
  results: readonly (string | JsonObject)[],
  error: { readonly text: string; readonly times?: number | undefined } | undefined,
): readonly string[] {
  const works = results.map(resultText);
  if (error === undefined) return works;
  const failure = JSON.stringify({ error: error.text });
  return error.times === undefined ? [failure] : [...Array<string>(error.times).fill(failure), ...works];
}

function resultText(result: string | JsonObject): string {
  return typeof result === 'string' ? result : JSON.stringify(result);
}

function documentsOf(written: DocumentFile, at: Place): readonly unknown[] {
  if (!('filler' in written)) return [at.fill(written)];
  const { title, count, chars, start, needles } = written.filler;
  const place = at.at('filler');
  const [documents, each] = [place.at('count').number(count), place.at('chars').number(chars)];
  if (documents * each > MOST_FILLER_CHARS || documents < 1) {
    place.complain(`from 1 to ${MOST_FILLER_CHARS} characters of documents can be made`);
    return [];
  }
  const texts = fillerTexts(documents, each, place.at('start').number(start), place.needles(needles));
  return texts.map((text, index) => ({
    title: String(
      place
        .at('title')
        .with({ number: index + 1 })
        .fill(title),
    ),
    text,
  }));
}

function loadOf({ counts_rate_limits: counts, ...load }: NonNullable<CaseFile['load']>): unknown {
  return { ...load, ...(counts === undefined ? {} : { countsRateLimits: counts }) };
}

function detectorAt(written: unknown, at: Place): unknown {
  return detectorOf(at.fill(written), (message) => at.complain(message));
}
