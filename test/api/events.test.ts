import { Agent, get, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { createApp, listen } from '../../src/api/app';
import type { HttpServer } from '../../src/http-server';
import { FakeWorld } from './fake-world';

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

/** A reader of an event stream. */
class Stream {
  private text = '';
  readonly ended: Promise<void>;

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => void (this.text += chunk));
    this.ended = new Promise((resolve) => response.once('close', resolve));
  }

  static open(url: string, headers: Record<string, string> = {}): Promise<Stream> {
    return new Promise((resolve, reject) => {
      get(url, { headers }, (response) => resolve(new Stream(response))).once('error', reject);
    });
  }

  get events(): readonly Event[] {
    return this.text
      .split('\n\n')
      .filter((block) => block.startsWith('event:'))
      .map((block) => {
        const fields = Object.fromEntries(
          block
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        return {
          event: fields['event'] ?? '',
          id: fields['id'] ?? '',
          data: z.record(z.string(), z.unknown()).parse(JSON.parse(fields['data'] ?? '')),
        };
      });
  }

  async has(count: number): Promise<void> {
    while (this.events.length < count) {
      await new Promise((resolve) => this.response.once('data', resolve));
    }
  }
}

describe('events of a cycle', () => {
  let world: FakeWorld;
  let server: HttpServer;
  const url = () => `${server.url}/research/cycles/${world.cycleId}/events`;
  beforeEach(async () => {
    world = new FakeWorld();
    server = await listen(createApp(world.deps), { host: '127.0.0.1', port: 0 });
  });
  afterEach(() => server.close());
  const reads = async (more: number) => {
    const until = world.progressReads + more;
    while (world.progressReads < until) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('tells progress at once, then only changes, then the end', async () => {
    const stream = await Stream.open(url());
    expect(stream.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await stream.has(1);
    await reads(2);
    expect(stream.events).toHaveLength(1);
    world.progress = { ...world.progress, experimentsDone: 2 };
    await stream.has(2);
    world.progress = { ...world.progress, state: 'completed', phase: 'learning' };
    await stream.ended;
    expect(stream.events).toMatchObject([
      { event: 'progress', data: { id: world.cycleId, experiments_done: 1, spent_usd: 1.5 } },
      { event: 'progress', data: { experiments_done: 2 } },
      { event: 'end', data: { state: 'completed' } },
    ]);
    expect(new Set(stream.events.map(({ id }) => id)).size).toBe(3);
  });

  it('does not repeat to a client that comes back what it knows', async () => {
    const first = await Stream.open(url());
    await first.has(1);
    first.response.destroy();
    const again = await Stream.open(url(), { 'last-event-id': first.events[0]?.id ?? '' });
    await reads(1);
    world.progress = { ...world.progress, state: 'cancelled' };
    await again.ended;
    expect(again.events.map(({ event }) => event)).toEqual(['end']);
    const third = await Stream.open(url(), { 'last-event-id': again.events[0]?.id ?? '' });
    expect(third.response.statusCode).toBe(204);
    third.response.resume();
  });

  it('goes on when the database was away for a while', async () => {
    const stream = await Stream.open(url());
    await stream.has(1);
    world.progressError = new Error('connection refused');
    await reads(2);
    world.progressError = undefined;
    world.progress = { ...world.progress, state: 'completed' };
    await stream.ended;
    expect(stream.events.at(-1)?.event).toBe('end');
    expect(world.logs.some(({ level }) => level === 'warn')).toBe(true);
  });

  it('stops reading when the client is gone', async () => {
    const stream = await Stream.open(url());
    await stream.has(1);
    stream.response.destroy();
    while (!world.logs.some(({ fields }) => fields['aborted'] === true)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { progressReads } = world;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(world.progressReads).toBe(progressReads);
  });

  it('ends streams, waiting requests and idle connections when the server closes', async () => {
    const stream = await Stream.open(url());
    await stream.has(1);
    world.waitForEnd = () => new Promise(() => {});
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve) => {
      get(`${server.url}/live`, { agent }, (response) => response.resume().once('end', resolve));
    });
    const waiting = fetch(`${server.url}/research/cycle?wait=600`, { method: 'POST' });
    while (world.started.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));

    const closing = performance.now();
    await server.close();
    expect(performance.now() - closing).toBeLessThan(2_000);
    await stream.ended;
    expect((await waiting).status).toBe(202);
    await expect(fetch(`${server.url}/live`)).rejects.toThrow('fetch failed');
    agent.destroy();
  });

  it('ends streams when the process drains', async () => {
    const stream = await Stream.open(url());
    await stream.has(1);
    world.isDraining = true;
    await stream.ended;
    expect(stream.events).toHaveLength(1);
  });
});

describe('listen', () => {
  it('names the port that is in use', async () => {
    const app = createApp(new FakeWorld().deps);
    const first = await listen(app, { host: '127.0.0.1', port: 0 });
    await expect(listen(app, { host: '127.0.0.1', port: first.port })).rejects.toThrow(
      `port ${first.port} on 127.0.0.1 is already in use`,
    );
    await Promise.all([first.close(), first.close()]);
  });
});
