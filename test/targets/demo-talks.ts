import type { ChatMessage, ToolDefinition } from '../../src/domain/chat';
import { simulatedResult, type PlantedDocument, type SimulatedTool } from '../../src/domain/experiment';
import { withDocuments } from '../../src/domain/shown-documents';
import { createDemoTarget, type FaultChoice } from '../../src/targets/demo';

/** A conversation with the demo application. */
export interface DemoTalk {
  readonly system?: string;
  /** What the user says, turn by turn. */
  readonly turns: readonly string[];
  /** Shown with the first turn. */
  readonly documents?: readonly PlantedDocument[];
  readonly tools?: readonly SimulatedTool[];
}

/** What the application said to the last turn, and the tool calls it made on the way. */
export interface Said {
  readonly content: string;
  readonly calls: readonly string[];
  readonly mostCallsAtOnce: number;
}

const MOST_STEPS = 20;

/** Holds the conversation with the application; seed 1. */
export async function talkToDemo(faults: FaultChoice, talk: DemoTalk): Promise<Said> {
  const target = createDemoTarget({ faults });
  const messages: ChatMessage[] = [{ role: 'system', content: talk.system ?? '' }];
  const calls: string[] = [];
  let mostCallsAtOnce = 0;
  let content = '';
  for (const [index, turn] of talk.turns.entries()) {
    const documents = index === 0 ? (talk.documents ?? []) : [];
    messages.push({ role: 'user', content: withDocuments(turn, documents, {}) });
    for (let step = 0; step < MOST_STEPS; step++) {
      const tools: readonly ToolDefinition[] = talk.tools ?? [];
      const request = { messages: [...messages], maxOutputTokens: 400, seed: 1, tools };
      const reply = await target.chat(request, new AbortController().signal);
      messages.push({ role: 'assistant', content: reply.content, toolCalls: reply.toolCalls });
      content = reply.content;
      if (reply.toolCalls.length === 0) break;
      mostCallsAtOnce = Math.max(mostCallsAtOnce, reply.toolCalls.length);
      for (const call of reply.toolCalls) {
        const tool = talk.tools?.find(({ name }) => name === call.name);
        const before = calls.filter((name) => name === call.name).length;
        const result = simulatedResult(tool, before, call);
        calls.push(call.name);
        messages.push({ role: 'tool', toolCallId: call.id, name: call.name, content: result });
      }
    }
  }
  return { content, calls, mostCallsAtOnce };
}

/** A tool without parameters that matter here. */
export function toolOf(name: string, description: string, ...results: readonly string[]): SimulatedTool {
  return { name, description, parameters: { type: 'object', properties: {} }, results };
}

/** Sentences that have nothing to do with anything, at least so many characters. */
export function chatter(length: number): string {
  const subjects = ['The heron', 'A rower', 'The old pier', 'My neighbour', 'The morning fog', 'A grey gull'];
  const deeds = ['rested for a while', 'looked quite content', 'made no sound at all', 'came and went'];
  const places = ['by the reeds', 'near the bridge', 'along the quay', 'behind the sheds', 'at the slipway'];
  let text = '';
  for (let index = 0; text.length < length; index++) {
    text += `${subjects[index % 6]} ${deeds[index % 4]} ${places[index % 5]}. `;
  }
  return text.trim();
}
