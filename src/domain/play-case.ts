import { spokenTurn } from './adaptive-turn';
import type { ChatMessage, ChatRequest, ToolCall } from './chat';
import type { CallFigures, Transcript } from './experiment';
import { simulatedResult } from './experiment';
import { guardReply, type JudgedCall } from './guarded-exchange';
import { applyInputGuardrails } from './guardrails';
import type { PlayLimits } from './play-bound';
import { DEFAULT_MAX_TOOL_STEPS, playLimits, toolCallBytes } from './play-bound';
import type { PlayCaseInput } from './play-input';
import { LoadPlay } from './play-load';
import { answerMessage, figuresOf, requestOf, storable, storableCall } from './play-parts';
import { RecordedResults } from './recorded-results';
import { offeredToolsOf, systemTextOf, userTextsOf } from './stimulus';
import { cutToBytes, utf8Bytes } from './text-size';

export { playUpperBound } from './play-bound';
export type { PlayCaseInput } from './play-input';

/** A play that an error ended; `partial` has the figures of the calls made before. */
export class PlayInterrupted extends Error {
  constructor(
    override readonly cause: unknown,
    readonly partial: Transcript,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'PlayInterrupted';
  }
}

/**
 * Plays a test case against a target, as the application around it would: puts documents in front of the question,
 * applies guardrails and tool policies, answers tool calls with the results of the case.
 *
 * The transcript has everything that was said. What is sent on to the next call is bounded ({@link playUpperBound}):
 * of a reply longer than its token limit allows only the beginning, and a blocked message not at all.
 * @throws {PlayInterrupted} with the error of `call`, or of a guardrail that cannot be used.
 */
export async function playCase(input: PlayCaseInput): Promise<Transcript> {
  const { load } = input.testCase;
  const play = load === undefined ? new Play(input) : new LoadPlay(input, load);
  try {
    await play.run();
  } catch (cause) {
    throw new PlayInterrupted(cause, play.transcript);
  }
  return play.transcript;
}

/** A tool call with what the application made of it. */
interface AnsweredCall {
  readonly call: ToolCall;
  /** Undefined when the reply had more than is sent on. */
  readonly result?: string;
}

class Play {
  private readonly messages: ChatMessage[] = [];
  private readonly calls: CallFigures[] = [];
  /** What the target is sent. */
  private readonly context: ChatMessage[] = [];
  private readonly timesCalled = new Map<string, number>();
  private readonly limits: PlayLimits;
  /** Of a replay: the only results that its tools give. */
  private readonly recorded: RecordedResults | null;
  private divergedOn: ToolCall | undefined;

  constructor(private readonly input: PlayCaseInput) {
    const { testCase, configuration, maxOutputTokens, maxToolSteps = DEFAULT_MAX_TOOL_STEPS } = input;
    this.limits = playLimits(testCase, configuration, maxOutputTokens, maxToolSteps);
    const content = systemTextOf(testCase, configuration);
    if (content !== '') this.say({ role: 'system', content });
    for (const message of testCase.prefix ?? []) this.say(message);
    const { recordedCalls } = testCase;
    this.recorded = recordedCalls === undefined ? null : new RecordedResults(recordedCalls);
  }

  get transcript(): Transcript {
    const { messages, calls, divergedOn } = this;
    return { messages, calls, ...(divergedOn === undefined ? {} : { divergedOn }) };
  }

  async run(): Promise<void> {
    const { testCase, configuration, engines } = this.input;
    if (testCase.turns.length === 0) await this.answers();
    for (const said of userTextsOf(testCase, configuration)) await this.turn(said);
    const context = { engines, offeredTools: offeredToolsOf(testCase) };
    for (const turn of testCase.adaptiveTurns ?? []) {
      const said = spokenTurn(turn, this.transcript, context);
      if (said !== undefined) await this.turn(said);
    }
  }

  private async turn(said: string): Promise<void> {
    const { configuration, engines } = this.input;
    const { text, blocked } = applyInputGuardrails(configuration, said, engines.match);
    if (blocked) {
      this.messages.push({ role: 'user', content: said }, { role: 'assistant', content: text });
      return;
    }
    this.say({ role: 'user', content: text });
    await this.answers();
  }

  /** The target speaks until it waits for nothing more. */
  private async answers(): Promise<void> {
    const most = this.divergedOn === undefined ? this.limits.callsPerTurn : 0;
    for (let calls = 0, waiting = true; waiting && calls < most; calls += 1) {
      waiting = await this.ask();
    }
  }

  /** One target call; true when the target now waits for tool results. */
  private async ask(): Promise<boolean> {
    const { testCase, configuration, engines, call } = this.input;
    const reply = await call(this.request());
    this.calls.push(figuresOf(reply, this.messages.length));
    const { content, toolCalls } = reply;
    const said = { content: storable(content), toolCalls: toolCalls.map(storableCall) };
    const conversation = { history: this.messages, tools: testCase.tools ?? [] };
    const guarded = guardReply(configuration, said, conversation, engines);
    const answered = this.answer(guarded.text, guarded.toolCalls);
    this.record(guarded.text, answered);
    return this.divergedOn === undefined && answered.some(({ result }) => result !== undefined);
  }

  private request(): ChatRequest {
    return requestOf(this.input, [...this.context], this.limits.outputTokens);
  }

  private answer(content: string, toolCalls: readonly JudgedCall[]): readonly AnsweredCall[] {
    let room = this.limits.replyBytes - utf8Bytes(content);
    return toolCalls.map(({ call, denial }, index) => {
      room -= toolCallBytes(call);
      const sentOn = room >= 0 && index < this.limits.toolCallsPerReply;
      const result = sentOn ? (denial ?? this.simulate(call)) : undefined;
      return { call, ...(result === undefined ? {} : { result }) };
    });
  }

  /** Undefined where a replay has no result for the call: it cannot go on. */
  private simulate(call: ToolCall): string | undefined {
    if (this.recorded !== null) {
      const result = this.recorded.take(call);
      if (result === undefined) this.divergedOn ??= call;
      return result;
    }
    const tool = this.input.testCase.tools?.find(({ name }) => name === call.name);
    const before = this.timesCalled.get(call.name) ?? 0;
    this.timesCalled.set(call.name, before + 1);
    return simulatedResult(tool, before, call);
  }

  private record(content: string, toolCalls: readonly AnsweredCall[]): void {
    const sentOn = toolCalls.flatMap(({ call, result }) => (result === undefined ? [] : [{ call, result }]));
    const results = sentOn.map(({ call, result }) => resultMessage(call, result));
    const said = cutToBytes(content, this.limits.replyBytes);
    this.messages.push(
      answerMessage(
        content,
        toolCalls.map(({ call }) => call),
      ),
      ...results,
    );
    if (said === '' && sentOn.length === 0) return;
    this.context.push(
      answerMessage(
        said,
        sentOn.map(({ call }) => call),
      ),
      ...results.map((message) => ({
        ...message,
        content: cutToBytes(message.content, this.limits.resultBytes),
      })),
    );
  }

  private say(message: ChatMessage): void {
    this.messages.push(message);
    this.context.push(message);
  }
}

function resultMessage(call: ToolCall, content: string): ChatMessage {
  return { role: 'tool', content, toolCallId: call.id, name: call.name };
}
