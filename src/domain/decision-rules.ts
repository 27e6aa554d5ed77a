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
  const unproven = provenBy === null ? whyProofIsNeeded(question, offered, rules) : undefined;
  if (unproven !== undefined) return refusal('decision_unproven', unproven);
  if (isGrave(severity) && provenBy === requestedBy) {
    return refusal('four_eyes_required', `at ${severity} whoever asked cannot approve`);
  }
  return rules.requireComment(stricterMode(question.mode, rules.mode)) && isBlank(offered.reason)
    ? refusal('comment_required', 'an approval must say why: give a reason')
    : undefined;
}

function whyProofIsNeeded(
  { severity, mode }: QuestionAsked,
  { proofId }: Pick<OfferedDecision, 'proofId'>,
  rules: DecisionRules,
): string | undefined {
  if (proofId !== undefined) return 'the proof that came with it is not one of this decision';
  const production = stricterMode(mode, rules.mode) === 'production';
  if (!production && !isGrave(severity)) return undefined;
  const where = production ? 'in production' : `at ${severity}`;
  return `${where} an approval needs an API key of an approver behind it`;
}

function isGrave(severity: Severity): boolean {
  return severityRank(severity) >= severityRank(GRAVE);
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
