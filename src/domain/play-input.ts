import type { ChatReply, ChatRequest } from './chat';
import type { DetectionEngines } from './detection';
import type { TestCase } from './experiment';
import type { TargetConfiguration } from './target';

/** What a play of a test case needs. */
export interface PlayCaseInput {
  readonly testCase: TestCase;
  /** An intervention is nothing but another configuration. */
  readonly configuration: TargetConfiguration;
  /** One call of the target. */
  readonly call: (request: ChatRequest) => Promise<ChatReply>;
  /** Whether `call` failed because the target turned it away for its rate; without it, never. */
  readonly isRateLimit?: (error: unknown) => boolean;
  readonly engines: DetectionEngines;
  readonly seed: number;
  /** Of each target call; the configuration may set a lower limit. */
  readonly maxOutputTokens: number;
  /** Most target calls in a turn that offers tools (8). */
  readonly maxToolSteps?: number;
}
