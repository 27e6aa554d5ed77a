import { referenceOf } from '../../src/domain/discussion';
import type { Claim, DiscussionMaterial, RecordedAttempt } from '../../src/domain/discussion';
import { checkClaims } from '../../src/domain/discussion-claims';
import type { CheckedClaims } from '../../src/domain/discussion-claims';
import { factsOf, wordsOf } from '../../src/domain/discussion-facts';
import { readQuestion } from '../../src/domain/discussion-question';
import type { DiscussionQuestion } from '../../src/domain/discussion-question';
import { DomainError } from '../../src/domain/errors';
import { findInjectionAttempts } from '../../src/domain/injection-attempts';
import { CallError } from '../../src/ports/call-error';
import type {
  Citation,
  ConversationKey,
  DiscussionAnswer,
  DiscussionMessage,
  Discussions,
  DiscussionStore,
} from '../../src/ports/discussions';
import type { Llm } from '../../src/ports/llm';
import { createAsk } from '../../src/researcher/ask';
import { discussByModel } from '../../src/researcher/discussion';
import { discussByRule } from '../../src/researcher/offline-discussion';
import { DISCUSSION_VERSION } from '../../src/researcher/prompts/discussion';
import { BudgetExhausted } from './budget-exhausted';
import { digestOf } from './digest';
import { createTurns } from './in-turn';
import { recordedCall } from './model-call';
import type { ModelCallDeps } from './model-call';
import { priceInMode } from './pricing';

/** Messages before the question that a model is shown. */
const HISTORY = 10;
const MAX_ATTEMPTS_SHOWN = 20;
const MODEL_TIMEOUT_MS = 120_000;

export interface DiscussionDeps extends ModelCallDeps {
  readonly discussions: DiscussionStore;
  /** Undefined: rules answer. */
  readonly llm: Llm | undefined;
}

/** A question as the model gets it. */
interface Asked {
  /** Digest of whose conversation it is and which. */
  readonly conversation: string;
  readonly message: string;
  readonly history: readonly DiscussionMessage[];
  readonly material: DiscussionMaterial;
}

interface Said extends CheckedClaims {
  readonly notices: readonly string[];
}

/**
 * Conversations about what the database holds. Whoever answers, model or rules, only sentences that `checkClaims` lets through
 * are said and kept.
 */
export function createDiscussions(deps: DiscussionDeps): Discussions {
  const inTurn = createTurns();
  return {
    say: (key, message) => {
      const conversation = digestOf([key.owner, key.session]);
      return inTurn(conversation, () => answerTo(deps, key, { conversation, message }));
    },
    reset: (key) => deps.discussions.reset(key),
  };
}

async function answerTo(
  deps: DiscussionDeps,
  key: ConversationKey,
  { conversation, message }: { readonly conversation: string; readonly message: string },
): Promise<DiscussionAnswer> {
  const { discussions, llm } = deps;
  const history = await discussions.recent(key, HISTORY);
  const question = readQuestion(message);
  const material = await discussions.search(question, history.at(-1)?.cites ?? []);
  const said =
    llm === undefined
      ? byRule(question, material)
      : await byModel(deps, llm, { conversation, message, history, question, material });
  const response = responseOf(said);
  const cites = [...new Set(said.sentences.flatMap((sentence) => sentence.cites))];
  const conversationLength = await discussions.append(key, [
    { role: 'user', content: message, cites: [] },
    { role: 'assistant', content: response, cites },
  ]);
  return {
    session: key.session,
    response,
    notices: said.notices,
    sentences: said.sentences,
    citations: citationsOf(cites, material),
    conversationLength,
    researcher: llm === undefined ? 'offline' : `${llm.provider}:${llm.model}`,
    unsupported: said.removed.length,
    injectionAttempts: attemptsIn(material),
  };
}

function byRule(question: DiscussionQuestion, material: DiscussionMaterial): Said {
  const { notices, claims } = discussByRule(question, material);
  return { notices, ...checkClaims(claims, material.records) };
}

/** The rules stand in where nothing of what the model said is supported, or its answer cannot be read. */
async function byModel(
  deps: DiscussionDeps,
  llm: Llm,
  asked: Asked & { readonly question: DiscussionQuestion },
): Promise<Said> {
  const { question, material } = asked;
  const claims = await modelClaims(deps, llm, asked);
  const checked = checkClaims(claims ?? [], material.records);
  if (checked.sentences.length > 0) return { notices: [], ...checked };
  if (claims?.length === 0)
    return { notices: ['The records that were found do not answer this.'], ...checked };
  const ruled = byRule(question, material);
  const why =
    claims === undefined
      ? 'The model gave no answer that can be read; this is what the database says by rules.'
      : 'No record supports what the model said; this is what the database says by rules.';
  return { ...ruled, notices: [why, ...ruled.notices], removed: [...checked.removed, ...ruled.removed] };
}

/** Undefined where no answer of the model could be read. */
async function modelClaims(
  deps: DiscussionDeps,
  llm: Llm,
  asked: Asked,
): Promise<readonly Claim[] | undefined> {
  const { mode } = await deps.stores.mode.current();
  const price = priceInMode(llm, mode, deps.worstCasePrice);
  const purpose = { cycleId: null, scopes: [], price, promptVersion: DISCUSSION_VERSION };
  const signal = AbortSignal.timeout(MODEL_TIMEOUT_MS);
  const ask = createAsk((request) => recordedCall(deps, llm, purpose, request, signal));
  try {
    return await discussByModel(ask, {
      // The same for all questions of a conversation: what a killed process left reserved is settled with the next.
      operation: `discuss/${asked.conversation}`,
      question: asked.message,
      history: asked.history,
      records: asked.material.records,
      maxOutputTokens: deps.maxAnswerTokens,
    });
  } catch (error) {
    if (error instanceof DomainError && error.code === 'model_output_invalid') return undefined;
    if (error instanceof BudgetExhausted)
      throw new DomainError('budget_exceeded', error.message, { scope: error.scope });
    if (error instanceof CallError) {
      const { retryable } = error.options;
      throw new DomainError('model_unavailable', `the model did not answer: ${error.message}`, { retryable });
    }
    throw error;
  }
}

function responseOf({ notices, sentences }: Said): string {
  const cited = sentences.map(({ text, cites }) => `${text} ${cites.map((cite) => `[${cite}]`).join('')}`);
  return [...notices, ...cited].join('\n');
}

function citationsOf(cites: readonly string[], { records }: DiscussionMaterial): readonly Citation[] {
  const byReference = new Map(records.map((record) => [referenceOf(record), record]));
  return cites.flatMap((reference) => {
    const record = byReference.get(reference);
    return record === undefined ? [] : [{ record: reference, facts: factsOf(record) }];
  });
}

function attemptsIn({ records }: DiscussionMaterial): readonly RecordedAttempt[] {
  return records
    .flatMap((record) =>
      Object.values(wordsOf(record))
        .flatMap(findInjectionAttempts)
        .map((attempt) => ({ record: referenceOf(record), ...attempt })),
    )
    .slice(0, MAX_ATTEMPTS_SHOWN);
}
