import type { ToolDefinition } from './chat';
import type { TestCase } from './experiment';
import { withDocuments } from './shown-documents';
import type { TargetConfiguration } from './target';

/**
 * The system message: the target's own prompt, then what the case adds. Empty when there is neither. A replay adds the
 * recorded prompt only where the target's own does not hold it already.
 */
export function systemTextOf(testCase: TestCase, { systemPrompt }: TargetConfiguration): string {
  const added = testCase.systemPrompt ?? '';
  const isThere = testCase.prefix !== undefined && systemPrompt.includes(added);
  return [systemPrompt, isThere ? '' : added].filter((text) => text !== '').join('\n\n');
}

/** What the user says turn by turn, with the planted documents in front of the first turn. */
export function userTextsOf(testCase: TestCase, { retrieval }: TargetConfiguration): readonly string[] {
  return testCase.turns.map((said, turn) =>
    turn === 0 ? withDocuments(said, testCase.documents ?? [], retrieval) : said,
  );
}

/** The tools as the target sees them: without the results that the case has ready. */
export function offeredToolsOf({ tools = [] }: TestCase): readonly ToolDefinition[] {
  return tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
}
