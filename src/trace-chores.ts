import type { Config } from './config';
import type { Container } from './container';
import { costMicroUsd, priceIn, usdOfMicro } from './domain/money';
import { assessDueTraces } from './ingest/assessor';
import { LIST_PRICES } from './llm/prices';
import type { Logger } from './ports/logger';

const ASSESS_EVERY_MS = 2_000;
const DELETE_EVERY_MS = 60_000;
const DELETED_AT_ONCE = 1_000;
const DAY_MS = 86_400_000;

/** What a worker does at intervals. */
interface Chore {
  readonly everyMs: number;
  readonly what: string;
  readonly run: () => Promise<unknown>;
}

/** Traces are looked through when they are complete, and deleted when they are too old. */
export function keepTraces(
  { stores, traces }: Pick<Container, 'stores' | 'traces'>,
  { traces: settings, cost }: Pick<Config, 'traces' | 'cost'>,
  log: Logger,
): readonly Chore[] {
  const prices = { ...LIST_PRICES, ...cost.prices };
  const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY_MS);
  return [
    {
      everyMs: ASSESS_EVERY_MS,
      what: 'look for signals in traces',
      run: () =>
        assessDueTraces({
          traces: stores.traces,
          log,
          priceOf: (model, usage) => {
            const price = priceIn(prices, model);
            return price === undefined ? undefined : usdOfMicro(costMicroUsd(usage, price));
          },
        }),
    },
    {
      everyMs: DELETE_EVERY_MS,
      what: 'delete old traces',
      run: async () => {
        await traces.uploads.forgetBroken(daysAgo(1));
        for (let deleted = DELETED_AT_ONCE; deleted === DELETED_AT_ONCE;) {
          deleted = await stores.traces.deleteBefore(daysAgo(settings.retentionDays), DELETED_AT_ONCE);
        }
      },
    },
  ];
}
