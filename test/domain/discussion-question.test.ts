import { assert, property, string } from 'fast-check';
import { readQuestion } from '../../src/domain/discussion-question';

describe('a question', () => {
  it.each([
    ['What failed?', ['failures']],
    ['which problems have you found so far', ['failures']],
    ['How bad is it?', ['severity']],
    ['Why does it fail?', ['cause']],
    ['What was tried against tool_loop?', ['tried']],
    ['did the replays improve anything', ['tried']],
    ['What does it cost?', ['cost']],
    ['how much of the budget is left', ['cost']],
    ['did it help?', ['tried']],
    ['which fix works best', ['tried']],
    ['Has anything been deployed?', ['live']],
    ['is the fix live?', ['live', 'tried']],
    ['help', []],
    ['What waits for me?', ['waiting']],
    ['any pending approvals?', ['waiting']],
    ['status of demo', ['status']],
    ['Why did it fail and what was tried?', ['tried', 'cause']],
    ['1b9d6bcd-bbfd-4b2d-9b5d-ab8dfb3bd8ca', ['status']],
    ['Sing me a song', []],
  ])('%s', (message, topics) => {
    expect(readQuestion(message).topics).toEqual(topics);
  });

  it.each([
    ['show failure 1b9d6bcd', [{ kind: 'failure', idPrefix: '1b9d6bcd' }]],
    ['Status of [cycle:1B9D6BCD-BBFD-4b2d]?', [{ kind: 'cycle', idPrefix: '1b9d6bcd-bbfd-4b2d' }]],
    [
      '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfb3bd8ca and cafebabe',
      ['1b9d6bcd-bbfd-4b2d-9b5d-ab8dfb3bd8ca', 'cafebabe'].map((idPrefix) => ({ idPrefix })),
    ],
    ['a decade of facade and 1234567', []],
  ])('%s names records', (message, named) => {
    expect(readQuestion(message).named).toEqual(named);
  });

  it('keeps the words that say what it is about', () => {
    expect(readQuestion('Why did the refund tool_hallucination fail on demo-support?').terms).toEqual([
      ...['refund', 'tool', 'hallucination', 'demo', 'support'],
    ]);
    expect(readQuestion('What failed?').terms).toEqual([]);
  });

  it.each([
    ['Why?', true],
    ['how bad is it', true],
    ['what was tried against those', true],
    ['What failed on demo?', false],
    ['status', false],
    ['hello', false],
    ['what failed', false],
    ['why did failure:1b9d6bcd do that', false],
  ])('%s refers back: %s', (message, expected) => {
    expect(readQuestion(message).refersBack).toBe(expected);
  });

  it.each([
    ['what failed yesterday?', true],
    ['what was tried in the last 3 days', true],
    ['what happened since Monday', true],
    ['what happened in the last cycle', false],
    ['what failed?', false],
  ])('%s asks about a time: %s', (message, expected) => {
    expect(readQuestion(message).mentionsTime).toBe(expected);
  });

  it('is read whatever it is, into words that a search takes', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 500 }), (message) => {
        const { terms, named } = readQuestion(message);
        expect(terms.length).toBeLessThanOrEqual(20);
        for (const term of terms) expect(term).toMatch(/^[\p{L}\p{N}]{3,40}$/u);
        for (const { idPrefix } of named) expect(idPrefix).toMatch(/^[0-9a-f]{8}[0-9a-f-]*$/);
      }),
    );
  });
});
