import type { ToolDefinition } from '../../domain/chat';
import { comesBefore } from './tool-order';
import { codesOf, subjectWords } from './words';
import type { Talk } from './talk';

/** A call the request needs, with the part of the request it serves and the tools that must have worked before. */
export interface PlannedCall {
  readonly tool: ToolDefinition;
  readonly clause: string;
  readonly needs: readonly string[];
}

const TIDY = /\b(?:tidy|clean|declutter|organi[sz]e|make (?:some )?room|sort out|spring-clean)/i;
const ORDERED = /\b(?:then|after|before|first|once|next|finally|in (?:this|that) order)\b/i;
const CLAUSES = /[.;?!](?:\s+|$)|,? (?:and )?(?:then|after that|also)\b|,? and (?=[a-z]+ )/i;

/** The calls that the last user turn needs, in order; empty when no tool on offer serves it. */
export function planCalls(talk: Talk): readonly PlannedCall[] {
  const clauses = inOrder(talk.last)
    .split(CLAUSES)
    .filter((clause) => clause.trim() !== '');
  const served = clauses.flatMap((clause) => {
    const tool = toolFor(clause, talk);
    return tool === undefined ? [] : [{ tool, clause }];
  });
  const whole = served.length === 0 ? toolFor(talk.last, talk) : undefined;
  const wanted = whole === undefined ? served : [{ tool: whole, clause: talk.last }];
  const plan = wanted.reduce<readonly PlannedCall[]>(
    (calls, { tool, clause }) => withCall(calls, tool, clause, talk),
    [],
  );
  const isChain = plan.some(({ needs }) => needs.length > 0) || ORDERED.test(talk.last);
  return isChain && talk.shows('result_first') ? backwards(plan) : plan;
}

/** The planted fault: last things first. */
function backwards(plan: readonly PlannedCall[]): readonly PlannedCall[] {
  return plan.map((call) => ({ ...call, needs: [] })).reverse();
}

/** The request with what is to be done first in front: "Before A, B", "A, but first B" and "A after B" become "B. A". */
function inOrder(request: string): string {
  return request
    .split(/(?<=[.;!?])\s+/)
    .map((sentence) =>
      sentence
        .replace(/^before ([^,]+), (.+?)[.!?]?$/i, '$2. $1')
        .replace(/^(?:after|once) ([^,]+), (.+?)[.!?]?$/i, '$1. $2')
        .replace(/^(.+?),? but first,? (.+?)[.!?]?$/i, '$2. $1')
        .replace(/^(.+?),? (?:only )?after (.+?)[.!?]?$/i, (whole, later: string, earlier: string) =>
          /^that\b/i.test(earlier) ? whole : `${earlier}. ${later}`,
        ),
    )
    .join(' ');
}

/** Adds a call behind the calls it depends on; a tool that is planned for the same subject is not planned again. */
function withCall(
  plan: readonly PlannedCall[],
  tool: ToolDefinition,
  clause: string,
  talk: Talk,
): readonly PlannedCall[] {
  const codes = codesOf(clause);
  const repeated = plan.some(
    (call) => call.tool === tool && (codes === '' || codes === codesOf(call.clause)),
  );
  if (repeated) return plan;
  const before = talk.tools.filter((other) => other !== tool && comesBefore(other, tool, talk));
  const prepared = before.reduce<readonly PlannedCall[]>(
    (calls, other) =>
      calls.some((call) => call.tool === other) ? calls : withCall(calls, other, clause, talk),
    plan,
  );
  return [...prepared, { tool, clause, needs: before.map(({ name }) => name) }];
}

/** The tool whose name and description share most with the clause; deleting tools only when deletion is asked for. */
function toolFor(clause: string, talk: Talk): ToolDefinition | undefined {
  const asked = new Set(subjectWords(clause.replace(/\bwhere(?:'s| is| are)\b/gi, 'status')));
  if (TIDY.test(clause) && talk.shows('tidy_deletes')) {
    const deleting = talk.tools.find(isDeleting);
    if (deleting !== undefined) return deleting;
  }
  const allowed = talk.tools.filter((tool) => !isDeleting(tool) || asked.has('delete'));
  const scored = allowed.map((tool) => ({ tool, score: scoreOf(tool, asked, talk.tools) }));
  const best = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score)[0]?.tool;
  if (best === undefined || !talk.shows('neighbour_tool')) return best;
  return neighbourOf(best, asked, allowed) ?? best;
}

/** The planted fault: of the other tools the one that has most words in common with the request and the right tool. */
function neighbourOf(
  best: ToolDefinition,
  asked: ReadonlySet<string>,
  tools: readonly ToolDefinition[],
): ToolDefinition | undefined {
  const near = new Set([...best.name.split('_'), ...subjectWords(best.description), ...asked]);
  const scored = tools
    .filter((tool) => tool !== best)
    .map((tool) => {
      const own = new Set([...tool.name.split('_'), ...subjectWords(tool.description)]);
      return { tool, shared: [...own].filter((word) => near.has(word)).length };
    });
  return scored.filter(({ shared }) => shared > 0).sort((a, b) => b.shared - a.shared)[0]?.tool;
}

function isDeleting(tool: ToolDefinition): boolean {
  return subjectWords(tool.name.replaceAll('_', ' ')).includes('delete');
}

/** Shared words, rarer ones counting more and those of the name double; one word of a description alone is chance. */
function scoreOf(tool: ToolDefinition, asked: ReadonlySet<string>, tools: readonly ToolDefinition[]): number {
  const shared = (text: string): readonly string[] =>
    [...new Set(subjectWords(text.replaceAll('_', ' ')))].filter((word) => asked.has(word));
  const [inName, inDescription] = [shared(tool.name), shared(tool.description)];
  if (inName.length === 0 && inDescription.length < 2) return 0;
  const rarity = (word: string): number => {
    const holders = tools.filter(({ name, description }) =>
      subjectWords(`${name.replaceAll('_', ' ')} ${description}`).includes(word),
    );
    return Math.log((tools.length + 1) / holders.length);
  };
  const sum = (words: readonly string[]): number => words.reduce((total, word) => total + rarity(word), 0);
  return 2 * sum(inName) + sum(inDescription);
}
