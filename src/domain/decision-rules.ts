import type { DecisionOutcome, OfferedDecision } from './approval';
import { severityRank, type Severity } from './severity';
import { stricterMode, type Mode } from './mode';

/** What holds at the moment of a decision. */
export interface DecisionRules {
  /** The mode now. */
  readonly mode: Mode;
  /** Whether an approval must say why, in a mode. */
  readonly requireComment: (mode: Mode) => boolean;
}

/** What is asked, as far as a decision on it depends on it. */
export interface QuestionAsked {
  readonly severity: Severity;
  /** The mode it was assessed in. */
  readonly mode: Mode;
  /** Whose request led to it. */
  readonly requestedBy: string;
}

/** From this severity on a decision must be proven, and be another person's than the request. */
const GRAVE: Severity = 'S3';

/**
 * Whether a person's decision is enough. A rejection always is: silence would come to the same. An approval in
 * production, or of something grave, needs a key behind it; something grave needs another person than the one who asked.
 * A proof that proves nothing is that of another decision, or made up.
 */
export function insufficiency(
  question: QuestionAsked,
  offered: Pick<OfferedDecision, 'state' | 'reason' | 'proofId'>,
  provenBy: string | null,
  rules: DecisionRules,
): Extract<DecisionOutcome, { readonly taken: false }> | undefined {
  if (offered.state !== 'approved') return undefined;
  const { severity, requestedBy } = question;
  const grave = severityRank(severity) >= severityRank(GRAVE);
  const production = [question.mode, rules.mode].includes('production');
  if (provenBy === null && offered.proofId !== undefined) {
    return refusal('decision_unproven', 'the proof that came with it is not one of this decision');
  }
  if (provenBy === null && (grave || production)) {
    const where = production ? 'in production' : `at ${severity}`;
    return refusal('decision_unproven', `${where} an approval needs an API key of an approver behind it`);
  }
  if (grave && provenBy === requestedBy) {
    return refusal('four_eyes_required', `at ${severity} whoever asked cannot approve`);
  }
  return rules.requireComment(stricterMode(question.mode, rules.mode)) && isBlank(offered.reason)
    ? refusal('comment_required', 'an approval must say why: give a reason')
    : undefined;
}

function isBlank(reason: string | null): boolean {
  return reason === null || reason.trim() === '';
}

function refusal(
  code: Extract<DecisionOutcome, { readonly taken: false }>['code'],
  message: string,
): Extract<DecisionOutcome, { readonly taken: false }> {
  return { taken: false, code, message };
}
