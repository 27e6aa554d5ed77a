import { assert, boolean, constantFrom, option, property } from 'fast-check';
import { insufficiency, type DecisionRules, type QuestionAsked } from '../../src/domain/decision-rules';
import { MODES } from '../../src/domain/mode';
import { SEVERITIES } from '../../src/domain/severity';

const SHADOW: QuestionAsked = { severity: 'S1', mode: 'shadow', requestedBy: 'ana' };
const RULES: DecisionRules = { mode: 'shadow', requireComment: () => false };
const APPROVED = { state: 'approved', reason: null } as const;

const code = (
  question: Partial<QuestionAsked>,
  provenBy: string | null,
  rules: Partial<DecisionRules> = {},
  reason: string | null = null,
) =>
  insufficiency({ ...SHADOW, ...question }, { ...APPROVED, reason }, provenBy, { ...RULES, ...rules })?.code;

describe('an approval', () => {
  it.each([
    [{}, null, {}, undefined],
    [{ severity: 'S2' }, null, {}, undefined],
    [{ severity: 'S3' }, null, {}, 'decision_unproven'],
    [{ severity: 'S4' }, 'ben', {}, undefined],
    [{ severity: 'S3' }, 'ana', {}, 'four_eyes_required'],
    [{ severity: 'S2' }, 'ana', {}, undefined],
    [{ mode: 'production' }, null, {}, 'decision_unproven'],
    [{ mode: 'production' }, 'ana', {}, undefined],
    [{}, null, { mode: 'production' }, 'decision_unproven'],
    [{}, 'ben', { requireComment: () => true }, 'comment_required'],
    [{}, 'ben', { requireComment: (mode) => mode === 'production' }, undefined],
    [{}, 'ben', { mode: 'production', requireComment: (mode) => mode === 'production' }, 'comment_required'],
    [{ mode: 'production' }, 'ben', { requireComment: (mode) => mode === 'production' }, 'comment_required'],
  ] satisfies [Partial<QuestionAsked>, string | null, Partial<DecisionRules>, string | undefined][])(
    'of %o proven by %s under %o: %s',
    (question, provenBy, rules, expected) => {
      expect(code(question, provenBy, rules)).toBe(expected);
    },
  );

  it('with a proof that proves nothing is refused everywhere', () => {
    const offered = { ...APPROVED, proofId: 'of another decision' };
    expect(insufficiency(SHADOW, offered, null, RULES)?.code).toBe('decision_unproven');
    expect(insufficiency(SHADOW, offered, 'ben', RULES)).toBeUndefined();
  });

  it('takes a comment that says something', () => {
    expect(code({}, null, { requireComment: () => true }, '  ')).toBe('comment_required');
    expect(code({}, null, { requireComment: () => true }, 'looked at it')).toBeUndefined();
  });
});

it('a rejection is always enough', () => {
  assert(
    property(
      constantFrom(...SEVERITIES),
      constantFrom(...MODES),
      constantFrom(...MODES),
      boolean(),
      option(constantFrom('ana', 'ben')),
      (severity, mode, now, requireComment, provenBy) => {
        const question = { severity, mode, requestedBy: 'ana' };
        const rejected = { state: 'rejected', reason: null } as const;
        const rules = { mode: now, requireComment: () => requireComment };
        expect(insufficiency(question, rejected, provenBy, rules)).toBeUndefined();
      },
    ),
  );
});
