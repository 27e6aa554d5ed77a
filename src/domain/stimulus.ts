import type { ToolDefinition } from './chat';
import type { TestCase } from './experiment';
import { withDocuments } from './shown-documents';
import type { TargetConfiguration } from './target';

/** The system message: the target's own prompt, then what the case adds. Empty when there is neither. */
export function systemTextOf(testCase: TestCase, configuration: TargetConfiguration): string {
  return [configuration.systemPrompt, testCase.systemPrompt ?? ''].filter((text) => text !== '').join('\n\n');
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
