import { assert, constantFrom, property, string } from 'fast-check';
import type { DiscussedIntervention, DiscussedRecord } from '../../src/domain/discussion';
import { checkClaims } from '../../src/domain/discussion-claims';
import { readQuestion } from '../../src/domain/discussion-question';
import { discussByRule } from '../../src/researcher/offline-discussion';
import {
  APPROVAL,
  BUDGET,
  CYCLE,
  FAILURE,
  INTERVENTION,
  materialOf,
  RECORDS,
  SIMULATION,
} from '../support/discussed';

const QUESTIONS = [
  'What failed?',
  'How bad is it?',
  'Why?',
  'What was tried?',
  'What does it cost?',
  'What waits for me?',
  'What is the status?',
  'What is live?',
];

function answer(
  message: string,
  records: readonly DiscussedRecord[] = RECORDS,
  meant: readonly DiscussedRecord[] = [],
) {
  const material = materialOf(records, meant);
  const { notices, claims } = discussByRule(readQuestion(message), material);
  const { sentences, removed } = checkClaims(claims, records);
  return {
    notices,
    removed,
    text: sentences.map(({ text, cites }) => `${text} ${cites.join(' ')}`).join('\n'),
  };
}

describe('the rules', () => {
  it('say what failed, with figures, size and interval', () => {
    const { notices, text } = answer('What failed?');
    expect(notices).toEqual(['1 of 1 failures on record are open.']);
    expect(text).toBe(
      'S3 tool_hallucination on demo, open, new: 4 of 5 assessed runs failed, 80 % (95 % interval 37.6–96.4 %), when ' +
        `“an order that nobody placed”. failure:${FAILURE.id}`,
    );
  });

  it('say how bad it is and why', () => {
    expect(answer('How bad is it?').text).toContain('its severity because “it reaches customers”');
    expect(answer('Why does it fail?').text).toContain(
      'is “the prompt asks for an answer whatever happens”.',
    );
    expect(answer('Why does it fail?').text).toContain('“Your refund of 40 euros is on its way.”');
  });

  it('say what was tried and what the replay showed', () => {
    expect(answer('What was tried?').text).toBe(
      'Against S3 tool_hallucination on demo, prompt_patch “say so”, not live: its replay says improved: 30 pairs of ' +
        'failing cases: 24 failed without and 3 with the change, 21 fixed, 0 broken, effect 70 points (95 % interval ' +
        '48 to 84), p < 0.0001; no assessed pair of passing control cases. ' +
        [`failure:${FAILURE.id}`, `intervention:${INTERVENTION.id}`, `simulation:${SIMULATION.id}`].join(' '),
    );
    expect(answer('What was tried?', [FAILURE, INTERVENTION]).text).toContain('its replay has no verdict');
    expect(answer('What was tried?', [FAILURE]).text).toContain('Nothing on record was tried against');
  });

  it('say what it costs and what waits', () => {
    const { text } = answer('What does it cost?');
    expect(text).toContain('$1.50 spent and $0.00 reserved, of $100.00; target $1.50 in 60 calls');
    expect(text).toContain('on demo, completed, spent $1.25 and found 1 failures');
    expect(answer('What waits for me?')).toMatchObject({ notices: ['1 thing waits for a decision.'] });
    expect(answer('What waits for me?').text).toContain(`“publish 'say so'”. approval:${APPROVAL.id}`);
  });

  it('say what is live', () => {
    expect(answer('What is live?')).toMatchObject({ notices: ['No intervention is live.'], text: '' });
    const live: DiscussedIntervention = { ...INTERVENTION, liveOn: ['shadow', 'canary'] };
    const unlike = { ...live, id: '88888888-0000-4000-8000-000000000000', failureId: 'none', name: 'other' };
    expect(answer('What is live?', [FAILURE, live, SIMULATION])).toMatchObject({
      notices: ['1 intervention is live.'],
      text:
        'The prompt_patch “say so” against S3 tool_hallucination on demo is live on shadow and canary. ' +
        `intervention:${INTERVENTION.id} failure:${FAILURE.id}`,
    });
    expect(answer('What is live?', [FAILURE, live, unlike]).text).toContain('“other” is live on');
    expect(answer('Is the fix live?', [FAILURE, live, unlike], [FAILURE]).text).not.toContain('“other”');
  });

  it('say that they cannot tell times', () => {
    expect(answer('What failed yesterday?').notices[0]).toMatch(/^Rules do not read times/);
  });

  it('say what a cycle cost alone, where it is named', () => {
    expect(answer('What did it cost?', RECORDS, [CYCLE]).text).not.toContain('Budget global');
    expect(answer('What does it cost?', RECORDS, [CYCLE, BUDGET]).text).toContain('Budget global');
  });

  it('say how a record stands', () => {
    expect(answer('status', RECORDS, [CYCLE]).text).toBe(
      'Research cycle on demo, completed, phase learning: 5 hypotheses, 12 experiments, 1 failures, 1 interventions, $1.25 ' +
        `spent; began 2026-11-23 03:00 UTC, ended 2026-11-23 03:00 UTC: “tools”. cycle:${CYCLE.id}`,
    );
    expect(answer('what is the status').notices).toEqual([
      'Now: 0 running cycles, 1 open failures, 1 pending approvals.',
    ]);
  });

  it('say of an empty database that it is', () => {
    const said = QUESTIONS.map((question) => answer(question, []));
    expect(said.flatMap(({ notices }) => notices)).toEqual([
      ...['No failure is on record.', 'No failure is on record.', 'No failure is on record.'],
      ...['No failure is on record.', 'Nothing was spent yet.', 'Nothing waits for a decision.'],
      'Now: 0 running cycles, 0 open failures, 0 pending approvals.',
      'No intervention is live.',
    ]);
    expect(said.map(({ text }) => text).join('')).toBe('');
  });

  it('say what they can answer, and what is not there', () => {
    expect(answer('Sing me a song').notices[0]).toMatch(/^I answer from the database by rules/);
    expect(answer('show failure cafebabe').notices[0]).toBe('No record has the id cafebabe.');
    expect(answer('what failed with payments').notices[0]).toMatch(/^Nothing on record matches payments/);
  });

  it('speak of the meant records alone', () => {
    const other = { ...FAILURE, id: '77777777-0000-4000-8000-000000000000', failureType: 'tool_loop' };
    const records = [FAILURE, other, BUDGET];
    expect(answer('why did it fail', records, [other]).text).not.toContain('tool_hallucination');
    expect(answer('what was tried', [...records, INTERVENTION], [INTERVENTION]).text).not.toContain(
      'tool_loop',
    );
    expect(answer('what failed', [...records, CYCLE], [CYCLE]).text).toContain('tool_hallucination');
  });

  it('say nothing that the check would remove, whatever is written in the records', () => {
    const hostile = string({
      unit: constantFrom(
        '“',
        '”',
        '"',
        '[',
        ']',
        '\n',
        ' ',
        '. A',
        '9',
        'S0',
        'resolved',
        'failure:11111111',
        'x',
      ),
      minLength: 1,
    });
    assert(
      property(hostile, constantFrom(...QUESTIONS), (text, question) => {
        const words = {
          trigger: `a${text}`,
          rootCause: `b${text}`,
          severityReason: `c${text}`,
          impactReason: `d${text}`,
        };
        const records = [
          { ...FAILURE, ...words, quotes: [`e${text}`] },
          { ...INTERVENTION, name: `f${text}` },
          ...[SIMULATION, BUDGET, { ...CYCLE, focus: `g${text}` }, { ...APPROVAL, description: `h${text}` }],
        ];
        expect(answer(question, records).removed).toEqual([]);
      }),
    );
  });
});
