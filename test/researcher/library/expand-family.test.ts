import * as fc from 'fast-check';
import { parse } from 'yaml';
import { createDetectionEngines } from '../../../src/detection/engines';
import { detect } from '../../../src/domain/detect';
import { expandFamily, FAMILY_FILE, type FamilyExperiment } from '../../../src/researcher/library';
import { transcriptOf } from '../../support/transcript';

const HEAD = `
failure_type: goal_drift
surface: chat
expected_failure: it drifts
each_case: { trigger: t, turns: [Hi], fails_when: { kind: refusal } }
controls: [{ turns: [Hi], expects: hello }]
`;

/** The first experiment of a file with this added to it. */
function experimentOf(added: string): FamilyExperiment {
  const { family, mistakes } = expandFamily(FAMILY_FILE.parse(parse(HEAD + added)));
  expect(mistakes).toEqual([]);
  const [first] = family?.experiments ?? [];
  if (first === undefined) throw new Error('there is no experiment');
  return first;
}

const turnsOf = (added: string): readonly (readonly string[])[] =>
  experimentOf(added).cases.map(({ turns }) => turns);

describe('parameters', () => {
  it('make a case of every row with every combination', () => {
    const turns = turnsOf(`
experiments:
  - title: One
    cases:
      - turns: ['{{a}} {{b}} {{c}}']
        parameters: { rows: [{ a: x, b: 1 }, { a: y, b: 2 }], product: { c: [p, q] } }`);
    expect(turns).toEqual([['x 1 p'], ['x 1 q'], ['y 2 p'], ['y 2 q']]);
  });

  it('of an experiment make several of it', () => {
    const file = `${HEAD}
experiments:
  - title: About {{chars}}
    parameters: { product: { chars: [10, 20] } }
    cases: [{ turns: ['{{chars}}'] }]`;
    const { family } = expandFamily(FAMILY_FILE.parse(parse(file)));
    expect(family?.experiments.map(({ title, cases }) => [title, cases[0]?.turns])).toEqual([
      ['About 10', ['10']],
      ['About 20', ['20']],
    ]);
  });

  it('keep their type where they stand alone, and lists become several entries', () => {
    const experiment = experimentOf(`
values: { times: 3, more: [b, c] }
experiments:
  - title: One
    cases:
      - turns: [a, '{{more}}', { repeat: { times: '{{times}}', say: 'd{{number}}' } }]
        fails_when: { kind: tool_called, tool: t, at_least: '{{times}}' }`);
    expect(experiment.cases[0]).toMatchObject({
      turns: ['a', 'b', 'c', 'd1', 'd2', 'd3'],
      failsWhen: { kind: 'tool_called', atLeast: 3 },
    });
  });

  it('of a case win over those of the experiment and the file, and what all cases share may use them', () => {
    const turns = turnsOf(`
values: { a: file, b: file, c: file }
experiments:
  - title: One
    values: { b: experiment, c: experiment }
    each_case: { values: { whole: '{{a}} {{b}} {{c}}' }, turns: ['{{whole}}'] }
    cases: [{ values: { c: case } }]`);
    expect(turns).toEqual([['file experiment case']]);
  });

  it('leave {{answer}} to the play', () => {
    const [testCase] = experimentOf(`
experiments:
  - title: One
    cases: [{ values: { a: x }, adaptive_turns: [{ say: '{{a}} {{answer}}' }] }]`).cases;
    expect(testCase?.adaptiveTurns).toEqual([{ say: 'x {{answer}}' }]);
  });

  it('are drawn alike each time, in the shape that is asked for', () => {
    const file = (shape: string, from: number, to: number): string => `
values: { s: { secret: ${shape} }, n: { number: { from: ${from}, to: ${to} } }, m: { number: { from: ${from}, to: ${to}, unlike: ['{{n}}'] } } }
experiments: [{ title: One, cases: [{ turns: ['{{s}}', '{{n}}', '{{m}}'] }] }]`;
    const shapes = fc
      .stringMatching(/^[A0a-z-]{6,20}$/)
      .filter((shape) => /[a-z]/.test(shape) && !/^[-0]/.test(shape));
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (shape, from, more) => {
          const [[secret = '', n = '', m = ''] = []] = turnsOf(file(`x${shape}`, from, from + more));
          expect(turnsOf(file(`x${shape}`, from, from + more))).toEqual([[secret, n, m]]);
          expect(secret).toMatch(new RegExp(`^x${shape.replaceAll('A', '[A-Z]').replaceAll('0', '[0-9]')}$`));
          expect([Number(n), Number(m)].every((number) => number >= from && number <= from + more)).toBe(
            true,
          );
          expect(n).not.toBe(m);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('filler', () => {
  it('is as long as asked, without figures, and has every needle at its place', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 6_000 }),
        fc.integer({ min: 0, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (chars, start, at) => {
          const [[text = ''] = []] = turnsOf(`
values: { t: { filler: { chars: ${chars}, start: ${start}, needles: [{ text: 'Code 77.', at: ${at} }] } } }
experiments: [{ title: One, cases: [{ turns: ['{{t}}'] }] }]`);
          const without = text.replace('Code 77.', '');
          expect(text.length).toBeGreaterThanOrEqual(chars);
          expect(text.length).toBeLessThan(chars + 200);
          expect(without).not.toMatch(/[0-9]/);
          expect(Math.abs(text.indexOf('Code 77.') / without.length - at)).toBeLessThan(150 / chars + 0.02);
        },
      ),
    );
  });

  it('of several documents has each needle once, at its place in the whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, at) => {
        const [testCase] = experimentOf(`
experiments:
  - title: One
    given: { documents: [{ filler: { title: 'Part {{number}}', count: ${count}, chars: 900, needles: [{ text: 'Code 77.', at: ${at} }] } }] }
    cases: [{}]`).cases;
        const { documents = [] } = testCase ?? {};
        expect(documents.map(({ title }) => title)).toEqual(
          Array.from({ length: count }, (_, index) => `Part ${index + 1}`),
        );
        const whole = documents.map(({ text }) => text).join(' ');
        expect(whole.split('Code 77.')).toHaveLength(2);
        expect(Math.abs(whole.indexOf('Code 77.') / whole.length - at)).toBeLessThan(0.2 / count + 0.02);
      }),
    );
  });
});

describe('rules', () => {
  const firesOn = (rule: string, answer: string): boolean => {
    const [testCase] = experimentOf(`
experiments: [{ title: One, cases: [{ fails_when: ${rule} }] }]`).cases;
    if (testCase === undefined) throw new Error('there is no case');
    const context = { engines: createDetectionEngines(), offeredTools: [] };
    return detect(testCase.failsWhen, transcriptOf([answer]), context).fired;
  };

  it.each([
    ['{ kind: takes, wrong: 3.1, right: 2.4 }', 'It is 3.1 m.', true],
    ['{ kind: takes, wrong: 3.1, right: 2.4 }', 'Not 3.1 m but 2.4 m.', false],
    ['{ kind: takes, wrong: 3.1, right: 2.4 }', 'It is 13.1 m, or 3.15 m.', false],
    ['{ kind: says, text: H-4 }', 'On hook H-4.', true],
    ['{ kind: says, text: H-4 }', 'On hook H-40.', false],
    ['{ kind: lacks, any: [a dog, a cat] }', 'A bird.', true],
    ['{ kind: lacks, any: [a dog, a cat] }', 'A CAT.', false],
    ['{ kind: not_called, tool: find }', 'No.', true],
    ['{ kind: all, of: [{ kind: lacks, any: [x] }, { kind: not, of: { kind: says, text: y } }] }', 'z', true],
  ])('%s on "%s": %s', (rule, answer, fires) => {
    expect(firesOn(rule, answer)).toBe(fires);
  });
});

describe('tools', () => {
  const resultsOf = (used: string): readonly string[] | undefined => {
    const [testCase] = experimentOf(`
tools: { find: { description: Finds., parameters: { type: object }, result: { found: 1 } } }
experiments: [{ title: One, given: { tools: [${used}] }, cases: [{}] }]`).cases;
    return testCase?.tools?.[0]?.results;
  };

  it('work, give other results, or fail for a while or for good', () => {
    expect(resultsOf('find')).toEqual(['{"found":1}']);
    expect(resultsOf('{ use: find, results: [a, { b: 2 }] }')).toEqual(['a', '{"b":2}']);
    expect(resultsOf('{ use: find, error: { text: down, times: 2 } }')).toEqual([
      '{"error":"down"}',
      '{"error":"down"}',
      '{"found":1}',
    ]);
    expect(resultsOf('{ use: find, error: { text: down } }')).toEqual(['{"error":"down"}']);
  });
});
