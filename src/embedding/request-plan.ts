import type { ChatMessage, ToolCall } from '../domain/chat';
import type { MatchPattern } from '../domain/detection';
import { guardTurns } from '../domain/guarded-exchange';
import { applyInterventions } from '../domain/intervention';
import type { TargetConfiguration } from '../domain/target';
import { utf8Bytes } from '../domain/text-size';
import type { SeenMessage, SeenRequest, SentRequest } from './dialect';
import type { LiveIntervention } from './guard-options';

/** Of ordinary English text; an estimate, and the same one everywhere. */
const BYTES_PER_INPUT_TOKEN = 4;

/** What becomes of a request. */
export interface RequestPlan {
  readonly seen: SeenRequest;
  readonly interventions: readonly LiveIntervention[];
  readonly configuration: TargetConfiguration;
  readonly sent: SentRequest;
  /** What stands in for the model's answer, when the request is not to be made. */
  readonly answer?: string;
  /** What tool policies go by. */
  readonly history: readonly ChatMessage[];
}

/**
 * The request with everything in force.
 * @throws {DomainError} `invalid_experiment` for an unusable pattern.
 */
export function planRequest(
  seen: SeenRequest,
  interventions: readonly LiveIntervention[],
  match: MatchPattern,
): RequestPlan {
  const configuration = applyInterventions(asConfigured(seen), interventions);
  const { texts, answer } = guardTurns(configuration, seen.messages, match);
  const { systemPrompt, temperature, maxOutputTokens } = configuration;
  const sent = {
    systemPrompt,
    texts,
    ...(temperature === undefined ? {} : { temperature }),
    ...(Number.isFinite(maxOutputTokens) ? { maxOutputTokens } : {}),
  };
  const history = historyOf(seen.messages, texts, configuration);
  return { seen, interventions, configuration, sent, history, ...(answer === undefined ? {} : { answer }) };
}

/** The plan within a limit of tokens; undefined when its input leaves nothing for an answer. */
export function withinTokens(plan: RequestPlan, limit: number): RequestPlan | undefined {
  const { texts, systemPrompt, maxOutputTokens = Number.POSITIVE_INFINITY } = plan.sent;
  const calls = plan.seen.messages.flatMap(({ toolCalls = [], toolResults }) => [
    ...toolCalls.map((call) => call.arguments),
    ...(toolResults?.values() ?? []),
  ]);
  const tools = plan.seen.tools.length === 0 ? '' : JSON.stringify(plan.seen.tools);
  const input = [systemPrompt, tools, ...calls, ...texts.flatMap((each) => each ?? [])];
  const left = limit - Math.ceil(utf8Bytes(input.join('')) / BYTES_PER_INPUT_TOKEN);
  if (left < 1) return undefined;
  return maxOutputTokens <= left ? plan : { ...plan, sent: { ...plan.sent, maxOutputTokens: left } };
}

/** What an application does by itself, seen from one request of it. */
export function asConfigured({
  systemPrompt,
  temperature,
  maxOutputTokens,
}: SeenRequest): TargetConfiguration {
  return {
    systemPrompt,
    ...(temperature === undefined ? {} : { temperature }),
    maxOutputTokens: maxOutputTokens ?? Number.POSITIVE_INFINITY,
    inputGuardrails: [],
    outputGuardrails: [],
    toolPolicies: [],
    retrieval: {},
  };
}

/** The conversation as tool policies read it: a call whose result is the message of a policy was denied. */
function historyOf(
  messages: readonly SeenMessage[],
  texts: readonly (readonly string[] | null)[],
  { toolPolicies }: TargetConfiguration,
): readonly ChatMessage[] {
  const denials = new Set(toolPolicies.map(({ message }) => message));
  return messages.flatMap((message, index): ChatMessage[] => {
    const content = (texts[index] ?? message.texts).join('\n');
    if (message.role === 'user') return message.texts.length === 0 ? [] : [{ role: 'user', content }];
    if (message.role === 'other') return [];
    const calls = (message.toolCalls ?? []).map((call): ToolCall => {
      const result = resultOf(call.id, messages, index);
      return result !== undefined && denials.has(result) ? { ...call, denied: true } : call;
    });
    return [{ role: 'assistant', content, ...(calls.length === 0 ? {} : { toolCalls: calls }) }];
  });
}

/** Ids of calls are unique within a turn, and with some servers in no more than that. */
function resultOf(id: string, messages: readonly SeenMessage[], calledAt: number): string | undefined {
  for (const { role, toolResults } of messages.slice(calledAt + 1)) {
    if (role === 'assistant') return undefined;
    const result = toolResults?.get(id);
    if (result !== undefined) return result;
  }
  return undefined;
}
