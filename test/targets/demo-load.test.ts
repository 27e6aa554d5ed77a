import type { ChatReply } from '../../src/domain/chat';
import { createTargetDirectory } from '../../src/targets';
import { createDemoTarget, serveDemoTarget, type DemoFault } from '../../src/targets/demo';
import type { Target } from '../../src/ports/target';
import { chatter } from './demo-talks';

async function ask(target: Target, said: string, signal = new AbortController().signal): Promise<ChatReply> {
  const messages = [
    { role: 'system', content: 'The kiosk opens at 8.15.' },
    { role: 'user', content: said },
  ] as const;
  return target.chat({ messages, maxOutputTokens: 100, seed: 3 }, signal);
}

const question = 'When does the kiosk open?';

async function latencies(
  faults: readonly DemoFault[],
  questions: readonly string[],
): Promise<readonly number[]> {
  const target = createDemoTarget({ faults });
  const replies = await Promise.all(questions.map((said) => ask(target, said)));
  expect(replies.map(({ content }) => content)).toEqual(replies.map(() => 'The kiosk opens at 8.15.'));
  return replies.map(({ latencyMs }) => latencyMs);
}

/** Of several attempts, since others use the machine too: the least that the slowest request took. */
async function quickest(faults: readonly DemoFault[], questions: readonly string[]): Promise<number> {
  const slowest: number[] = [];
  for (let attempt = 0; attempt < 5; attempt++)
    slowest.push(Math.max(...(await latencies(faults, questions))));
  return Math.min(...slowest);
}

const many = Array.from({ length: 8 }, () => question);

describe('the faults of deployment', () => {
  it('waits_in_line: requests of one conversation wait for one another, up to a bound', async () => {
    const together = await latencies(['waits_in_line'], many);
    expect(together[3]).toBeGreaterThanOrEqual(170);
    expect(Math.min(...together.slice(4))).toBeGreaterThanOrEqual(230);
    const apart = many.map((said, index) => `${said} Number ${index} wants to know.`);
    expect(await quickest(['waits_in_line'], apart)).toBeLessThan(150);
  });

  it('slow_reader: a long prompt takes its time', async () => {
    const [long] = await latencies(['slow_reader'], [`${chatter(9_000)} ${question}`]);
    expect(long).toBeGreaterThanOrEqual(230);
    expect(await quickest(['slow_reader'], [question])).toBeLessThan(150);
  });

  it('tight_quota: of many requests of one conversation at once four are answered', async () => {
    const target = createDemoTarget({ faults: ['tight_quota'] });
    const settled = await Promise.allSettled(many.map((said) => ask(target, said)));
    const refused = settled.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({
      reason: { kind: 'rate_limited', options: { retryable: true, maybeBilled: false, retryAfterMs: 100 } },
    });
    expect((await ask(target, question)).content).toContain('8.15');
  });

  it('are none of the healthy application', async () => {
    expect(await quickest([], [...many, `${chatter(9_000)} ${question}`])).toBeLessThan(150);
  });

  it('let an aborted request go and its place with it', async () => {
    const target = createDemoTarget({ faults: ['tight_quota'] });
    const gone = new AbortController();
    const asked = Array.from({ length: 4 }, () => ask(target, question, gone.signal));
    gone.abort();
    const settled = await Promise.allSettled(asked);
    expect(settled).toMatchObject(settled.map(() => ({ reason: { kind: 'aborted' } })));
    await expect(ask(target, question)).resolves.toMatchObject({ finishReason: 'stop' });
  });

  it('go over the wire as a 429 with the time to wait', async () => {
    const server = await serveDemoTarget({ port: 0, faults: { tight_quota: 1 } });
    try {
      const settings = { kind: 'openai', base_url: `${server.url}/v1`, model: 'demo-1' };
      const remote = createTargetDirectory({ remote: settings }, {}).get('remote');
      const settled = await Promise.allSettled(many.map((said) => ask(remote, said)));
      const refused = settled.filter(({ status }) => status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      expect(refused).toMatchObject(
        refused.map(() => ({ reason: { kind: 'rate_limited', options: { retryAfterMs: 100 } } })),
      );
    } finally {
      await server.close();
    }
  });
});
