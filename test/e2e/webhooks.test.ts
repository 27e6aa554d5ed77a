import { setTimeout as sleep } from 'node:timers/promises';
import { SECRET, startReceiver, type ReceivedEvent, type WebhookReceiver } from '../support/webhook-receiver';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient } from './research-client';

jest.setTimeout(60_000);

const REQUEST = { max_hypotheses: 3, max_experiments: 1, runs_per_experiment: 3, replay_pairs: 5 };

describe('webhooks of a running system', () => {
  let receiver: WebhookReceiver;
  let stack: Stack;
  /** What the receiver waits for before it answers the end of a cycle. */
  let held: Promise<void> = Promise.resolve();
  beforeAll(async () => {
    receiver = await startReceiver(async ({ type }) => {
      if (type === 'cycle.completed') await held;
      return { status: 204 };
    });
    const nobody = { name: 'nobody', url: 'http://127.0.0.1:1/', secret_env: 'HOOK_SECRET' };
    const webhooks = [nobody, { name: 'receiver', url: receiver.url, secret_env: 'HOOK_SECRET' }];
    stack = await startStack({ workers: 2, settings: { webhooks }, env: { HOOK_SECRET: SECRET } });
  }, 120_000);
  afterAll(async () => {
    await stack.stop();
    await receiver.close();
  });

  const until = async <T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> => {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`${what} did not come in time:\n${stack.logs()}`);
      await sleep(100);
    }
  };
  const about = (cycleId: string, type: string): readonly ReceivedEvent[] =>
    receiver.received.filter((event) => event.type === type && event.data['cycle_id'] === cycleId);
  const run = async () => (await ResearchClient.at(stack.url)).run(REQUEST);

  it('tell, signed and once, of the failures of a cycle and of its end', async () => {
    const { id, failures } = await run();
    expect(failures.length).toBeGreaterThan(0);
    const ended = await until('the end', () => about(id, 'cycle.completed')[0]);
    expect(ended.data).toMatchObject({ state: 'completed', failures: failures.length });
    const found = await until('each failure', () => {
      const events = about(id, 'failure.discovered');
      return events.length >= failures.length ? events : undefined;
    });
    expect(found.map(({ data }) => String(data['failure_id'])).toSorted()).toEqual(
      failures.map((failure) => failure.id).toSorted(),
    );
    expect(new Set(receiver.received.map((event) => event.id)).size).toBe(receiver.received.length);
    expect(receiver.forged).toBe(0);
    expect(JSON.stringify(receiver.received)).not.toContain('transcript');
    expect(stack.logs()).not.toContain(SECRET);
  });

  it('are tried again where nobody listens, and show in the metrics', async () => {
    const page = await (await fetch(`${stack.workerMetricsUrls[0]}/metrics`)).text();
    const value = (series: string) =>
      Number(
        page
          .split('\n')
          .find((line) => line.startsWith(series))
          ?.split(' ')[1],
      );
    expect(value('tinman_webhook_deliveries{state="pending"}')).toBeGreaterThan(0);
    expect(value('tinman_webhook_deliveries{state="delivered"}')).toBeGreaterThan(1);
    expect(value('tinman_webhook_oldest_pending_seconds')).toBeGreaterThanOrEqual(0);
    const [row] = await stack.query<{ last_error: string; attempts: number }>(
      `SELECT last_error, attempts FROM webhook_deliveries WHERE endpoint = 'nobody' ORDER BY attempts DESC LIMIT 1`,
    );
    expect(row?.last_error).toContain('it could not be reached');
  });

  it('tell again, with the same id, what a killed worker had sent and not recorded', async () => {
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    const { id } = await run();
    const first = await until('the first attempt', () => about(id, 'cycle.completed')[0]);
    for (const worker of stack.workers) await worker.kill();
    release();
    for (const worker of stack.workers) await worker.restart();
    // As if the half minute had passed for which nobody else may send it.
    await stack.query(
      `UPDATE webhook_deliveries SET next_attempt_at = now() WHERE event_id = $1 AND state = 'pending'`,
      [first.id],
    );
    const again = await until('the second attempt', () => about(id, 'cycle.completed')[1]);
    expect(again).toMatchObject({ id: first.id, data: first.data });
    await until('the record of it', async () => {
      const [row] = await stack.query<{ state: string; attempts: number }>(
        `SELECT state, attempts FROM webhook_deliveries WHERE event_id = $1 AND endpoint = 'receiver'`,
        [first.id],
      );
      return row?.state === 'delivered' && row.attempts === 2 ? row : undefined;
    });
  });
});
