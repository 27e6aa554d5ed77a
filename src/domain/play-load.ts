import type { ChatMessage, ChatReply } from './chat';
import type { CallFigures, LoadProfile, Transcript } from './experiment';
import { applyInputGuardrails, applyOutputGuardrails } from './guardrails';
import { DEFAULT_MAX_TOOL_STEPS, playLimits } from './play-bound';
import type { PlayCaseInput } from './play-input';
import { answerMessage, figuresOf, requestOf, storable, storableCall } from './play-parts';
import { systemTextOf, userTextsOf } from './stimulus';
import { NO_USAGE } from './money';

/** What came of one request; undefined while it is under way. */
type Outcome =
  { readonly reply: ChatReply; readonly message: ChatMessage } | 'rate_limited' | 'failed' | undefined;

/** A question with the requests that ask it. */
interface Phase {
  readonly name: 'alone' | 'load';
  readonly asked: string;
  readonly outcomes: Outcome[];
}

/**
 * Plays a case with load: first some requests one after another, then many at once. Each is a conversation of its own. The
 * transcript has each question once, with the answers to it in the order in which the requests began.
 */
export class LoadPlay {
  private readonly system: readonly ChatMessage[];
  private readonly phases: Phase[] = [];

  constructor(
    private readonly input: PlayCaseInput,
    private readonly load: LoadProfile,
  ) {
    const content = systemTextOf(input.testCase, input.configuration);
    this.system = content === '' ? [] : [{ role: 'system', content }];
  }

  /** @throws what the first failed request threw, when no other is under way any more. */
  async run(): Promise<void> {
    const { testCase, configuration } = this.input;
    const texts = userTextsOf(testCase, configuration);
    const { alone, requests, concurrency } = this.load;
    await this.ask({ name: 'alone', asked: texts[0] ?? '', outcomes: [] }, alone, 1);
    await this.ask({ name: 'load', asked: texts.at(-1) ?? '', outcomes: [] }, requests, concurrency);
  }

  get transcript(): Transcript {
    const messages: ChatMessage[] = [...this.system];
    const calls: CallFigures[] = [];
    for (const { name, asked, outcomes } of this.phases) {
      messages.push({ role: 'user', content: asked });
      for (const outcome of outcomes) {
        if (outcome === undefined) continue;
        if (typeof outcome === 'string') calls.push(unanswered(outcome, name));
        else {
          calls.push({ ...figuresOf(outcome.reply, messages.length), phase: name });
          messages.push(outcome.message);
        }
      }
    }
    return { messages, calls };
  }

  private async ask(phase: Phase, requests: number, concurrency: number): Promise<void> {
    const { configuration, engines, testCase, maxOutputTokens, call } = this.input;
    this.phases.push(phase);
    const { text, blocked } = applyInputGuardrails(configuration, phase.asked, engines.match);
    if (blocked) return;
    const { outputTokens } = playLimits(testCase, configuration, maxOutputTokens, DEFAULT_MAX_TOOL_STEPS);
    const messages = [...this.system, { role: 'user', content: text } as const];
    const errors: unknown[] = [];
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun < requests && errors.length === 0) {
        const index = begun;
        begun += 1;
        try {
          const reply = await call(requestOf(this.input, messages, outputTokens));
          const content = storable(reply.content);
          phase.outcomes[index] = { reply, message: answerMessage(content, []) };
          phase.outcomes[index] = { reply, message: this.guarded(content, reply) };
        } catch (error) {
          if (this.counts(error, phase)) phase.outcomes[index] = 'rate_limited';
          // The bill of the first is its error's matter; of another one there is none to go by.
          else if (errors.push(error) > 1) phase.outcomes[index] = 'failed';
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    if (errors.length > 0) throw errors[0];
  }

  private counts(error: unknown, { name }: Phase): boolean {
    return this.load.countsRateLimits === true && name === 'load' && this.input.isRateLimit?.(error) === true;
  }

  private guarded(content: string, { toolCalls }: ChatReply): ChatMessage {
    const { configuration, engines } = this.input;
    const { text, blocked } = applyOutputGuardrails(configuration, content, engines.match);
    return answerMessage(text, blocked ? [] : toolCalls.map(storableCall));
  }
}

function unanswered(outcome: 'rate_limited' | 'failed', phase: Phase['name']): CallFigures {
  const nothing = { model: '', finishReason: 'other', usage: NO_USAGE, latencyMs: 0, phase } as const;
  return outcome === 'failed' ? { ...nothing, usageReported: false } : { ...nothing, rateLimited: true };
}
