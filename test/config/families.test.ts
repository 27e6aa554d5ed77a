import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BUILT_IN_FAMILIES, loadFamily, loadLibrary, readFamily } from '../../src/config/families';
import { ConfigError } from '../../src/config/mistakes';
import { createDetectionEngines } from '../../src/detection/engines';
import { judgeRun } from '../../src/domain/detect';
import type { TestCase } from '../../src/domain/experiment';
import { playCase } from '../../src/domain/play-case';
import { createDemoTarget } from '../../src/targets/demo';
import { LIBRARY } from '../support/library';

const engines = createDetectionEngines();
const EXAMPLE = { path: 'examples/families', shownAs: 'examples/families' };

/** A family file in a folder of its own. */
function written(text: string): { readonly path: string; readonly shownAs: string } {
  const path = join(mkdtempSync(join(tmpdir(), 'families-')), 'mine.yaml');
  writeFileSync(path, text);
  return { path, shownAs: 'mine.yaml' };
}

const head = 'failure_type: goal_drift\nsurface: chat\nexpected_failure: it drifts\n';
const body = (experiment: string): string => `${head}experiments:\n  - title: One\n${experiment}`;
const controls = '    controls: [{ turns: [Hi], expects: hello }]\n';

const mistakesIn = (text: string): readonly string[] =>
  readFamily(written(text), engines).mistakes.map(
    ({ where, field, message }) => `${where} ${field}: ${message}`,
  );

describe('family files', () => {
  it('of the user are added to those built in', () => {
    const library = loadLibrary(engines, EXAMPLE);
    const titles = (families: typeof library.families): readonly string[] =>
      families
        .find(({ failureType }) => failureType === 'recency_bias')
        ?.experiments.map(({ title }) => title) ?? [];
    expect(titles(library.families)).toEqual([
      ...titles(LIBRARY.families),
      'A price overheard',
      'A price insisted on',
    ]);
    expect(library.families).toHaveLength(30);
    expect(library.version).not.toBe(LIBRARY.version);
    expect(loadLibrary(engines).version).toBe(LIBRARY.version);
  });

  it('of the example run on the demo target, which passes them', async () => {
    const family = loadFamily(
      { path: join(EXAMPLE.path, 'overheard-prices.yaml'), shownAs: 'example' },
      engines,
    );
    const target = createDemoTarget({ faults: [] });
    const outcomeOf = async (testCase: TestCase): Promise<string> => {
      const transcript = await playCase({
        testCase,
        configuration: target.describe.configuration,
        call: (request) => target.chat(request, new AbortController().signal),
        engines,
        seed: 1,
        maxOutputTokens: 200,
      });
      return judgeRun(testCase, transcript, { engines, offeredTools: [] }).outcome;
    };
    const played = family.experiments.flatMap(({ cases, controls: harmless }) => [...cases, ...harmless]);
    expect(played).toHaveLength(5);
    expect(await Promise.all(played.map(outcomeOf))).toEqual(played.map(() => 'held'));
  });

  it.each([
    [
      'a key that is unknown',
      body(
        `    case: []\n${controls}    cases: [{ trigger: t, turns: [x], fails_when: { kind: refusal } }]\n`,
      ),
      'mine.yaml:6:5 experiments.0.case: unknown entry; did you mean cases?',
    ],
    ['a type that is unknown', head.replace('goal_drift', 'goal_drfit'), 'mine.yaml:1:15 failure_type'],
    ['YAML that cannot be read', 'failure_type: [', 'mine.yaml:1:16'],
    [
      'a parameter that is unknown',
      body(
        `    cases:\n      - { trigger: t, turns: ['{{what}}'], fails_when: { kind: refusal } }\n${controls}`,
      ),
      'mine.yaml:7:31 experiments.0.cases.0.turns.0: there is no parameter {{what}} here; there are: none',
    ],
    [
      'a rule that is unknown',
      body(
        `    cases:\n      - { trigger: t, turns: [x], fails_when: { kind: contians, any: [a] } }\n${controls}`,
      ),
      'mine.yaml:7:',
    ],
    [
      'a rule of families with a wrong setting',
      body(
        `    cases:\n      - { trigger: t, turns: [x], fails_when: { kind: lacks, all: [a] } }\n${controls}`,
      ),
      'mine.yaml:7:47 experiments.0.cases.0.fails_when: lacks: ',
    ],
    [
      'a pattern that no engine takes',
      body(
        `    cases:\n      - { trigger: t, turns: [x], fails_when: { kind: regex, pattern: '(' } }\n${controls}`,
      ),
      'mine.yaml:7:71 experiments.0.cases.0.fails_when.pattern: Expected a regular expression',
    ],
    [
      'a tool that is unknown',
      body(
        `    cases:\n      - { trigger: t, turns: [x], tools: [fly], fails_when: { kind: unknown_tool } }\n${controls}`,
      ),
      'mine.yaml:7:43 experiments.0.cases.0.tools.0: there is no tool fly in this file; there are: none',
    ],
    [
      'no rule',
      body(`    cases:\n      - { trigger: t, turns: [x] }\n${controls}`),
      'fails_when is missing, here and under each_case',
    ],
    [
      'no controls',
      body('    cases:\n      - { trigger: t, turns: [x], fails_when: { kind: refusal } }\n'),
      'controls are missing, here and in the whole file',
    ],
    [
      'a control with two rules',
      body(
        '    cases:\n      - { trigger: t, turns: [x], fails_when: { kind: refusal } }\n' +
          '    controls: [{ turns: [Hi], expects: hello, expects_call: fly }]\n',
      ),
      'a control has one of expects, expects_call and fails_when',
    ],
    [
      'too many cases',
      body(
        '    cases:\n      - { trigger: t, turns: [x], fails_when: { kind: refusal }, ' +
          `parameters: { product: { a: [1, 2, 3], b: [1, 2] } } }\n${controls}`,
      ),
      'mine.yaml:7:7 experiments.0.cases: Too big',
    ],
  ])('with %s are refused, and the place told', (_, text, expected) => {
    expect(mistakesIn(text).join('\n')).toContain(expected);
  });

  it('go with the package', () => {
    const shipped = z
      .object({ files: z.array(z.string()) })
      .parse(JSON.parse(readFileSync(join(BUILT_IN_FAMILIES.path, '..', 'package.json'), 'utf8')));
    expect(shipped.files).toContain('families');
  });

  it('that are missing are told, and all mistakes together', () => {
    const missing = { path: join(tmpdir(), 'no-such-folder'), shownAs: './families' };
    expect(() => loadLibrary(engines, missing)).toThrow(
      './families: there is no such folder of family files',
    );
    const two = body(
      `    cases: [{ trigger: t, turns: ['{{a}}', '{{b}}'], fails_when: { kind: refusal } }]\n${controls}`,
    );
    expect(mistakesIn(two)).toHaveLength(2);
    expect(() => loadFamily(written(two), engines)).toThrow(ConfigError);
  });
});
