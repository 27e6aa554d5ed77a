import type { ToolDefinition } from '../../domain/chat';
import { sentencesOf, subjectWords } from './words';
import type { Talk } from './talk';

/** A call the request needs, with the part of the request it serves and the tools that must have worked before. */
export interface PlannedCall {
  readonly tool: ToolDefinition;
  readonly clause: string;
  readonly needs: readonly string[];
}

const TIDY = /\b(?:tidy|clean|declutter|organi[sz]e|make (?:some )?room|sort out|spring-clean)/i;
const CLAUSES = /[.;?!](?:\s+|$)|,? (?:and )?(?:then|after that|also)\b|,? and (?=[a-z]+ )/i;

/** The calls that the last user turn needs, in order; empty when no tool on offer serves it. */
export function planCalls(talk: Talk): readonly PlannedCall[] {
  const clauses = talk.last.split(CLAUSES).filter((clause) => clause.trim() !== '');
  const served = clauses.flatMap((clause) => {
    const tool = toolFor(clause, talk);
    return tool === undefined ? [] : [{ tool, clause }];
  });
  const whole = served.length === 0 ? toolFor(talk.last, talk) : undefined;
  const wanted = whole === undefined ? served : [{ tool: whole, clause: talk.last }];
  return wanted.reduce<readonly PlannedCall[]>(
    (plan, { tool, clause }) => withCall(plan, tool, clause, talk),
    [],
  );
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

function codesOf(clause: string): string {
  return (clause.match(/\b[A-Z]+-?\d[\w-]*\b/g) ?? []).join(' ');
}

/** Whether descriptions or system prompt say that `first` is to be called before `second`. */
function comesBefore(first: ToolDefinition, second: ToolDefinition, talk: Talk): boolean {
  if (mentions(second.description, first.name)) return true;
  return sentencesOf(`${talk.system}\n${first.description}`).some(({ text }) => {
    const turning = text.search(/\bbefore\b/i);
    if (turning < 0 || !mentions(text.slice(turning), second.name)) return false;
    return mentions(text.slice(0, turning), first.name) || first.description.includes(text);
  });
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w-])${name.replace(/[^\w-]/g, '')}(?![\\w-])`).test(text);
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
  return scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score)[0]?.tool;
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
