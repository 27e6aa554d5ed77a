import { createDiscussions } from '../activities';
import type { Config } from './config';
import type { Container } from './container';
import { createDiscussionStore } from './persistence/discussion-store';
import type { Discussions } from './ports/discussions';
import type { Metrics } from './ports/metrics';
import { maxAnswerTokensOf } from './researcher-model';

/** Conversations of this process, answered by the configured researcher. */
export function openDiscussions(
  { prisma, stores, ledger, llm }: Container,
  config: Config,
  metrics: Pick<Metrics, 'observeLlm'>,
): Discussions {
  return createDiscussions({
    discussions: createDiscussionStore(prisma),
    stores,
    ledger,
    llm,
    worstCasePrice: config.cost.worstCase,
    maxAnswerTokens: maxAnswerTokensOf(config),
    onModelCall: ({ model, status, latencyMs }) =>
      metrics.observeLlm({ model, status, seconds: latencyMs / 1_000 }),
  });
}
