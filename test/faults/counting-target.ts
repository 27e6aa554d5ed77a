import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDemoTarget } from '../../src/targets/demo';
import { CompletionBody, completionOf, requestOf } from '../../src/targets/demo/wire';

/** What a model of this name was asked, and what it would send on its bill. */
export interface Counted {
  /** Requests that came in, whether or not their answer could be delivered. */
  readonly calls: number;
  /** How often each request came in, by its digest. */
  readonly timesAsked: ReadonlyMap<string, number>;
  /** Of all its answers, at {@link PRICE}. */
  readonly billMicroUsd: number;
}

/** A target over HTTP that keeps count, in the process of the test: it outlives whatever the test kills. */
export interface CountingTarget {
  readonly baseUrl: string;
  counted(model: string): Counted;
  /** What this model was asked is what a cycle asks: only that counts towards `reached` from now on, repetitions don't. */
  takeAsCourse(model: string): void;
  /** How many calls of the course have come in, or were answered. */
  progress(model: string, at: 'asked' | 'answered'): number;
  /** Resolves when so many calls of the course have come in, or were answered. */
  reached(model: string, calls: number, at: 'asked' | 'answered'): Promise<void>;
  /** Resolves with the next call, be it a repetition. */
  nextCall(model: string): Promise<void>;
  close(): Promise<void>;
}

export const PRICE = { input_usd_per_mtok: 1, output_usd_per_mtok: 3 };

/** Names a request: the same conversation under the same seed is the same request. */
export function requestDigest(
  seed: number | null | undefined,
  messages: readonly { readonly role: string; readonly content?: string | null | undefined }[],
): string {
  const said = messages.map(({ role, content }) => [role, content ?? '']);
  return createHash('sha256')
    .update(JSON.stringify([seed ?? null, said]))
    .digest('hex');
}

class Count implements Counted {
  calls = 0;
  billMicroUsd = 0;
  readonly timesAsked = new Map<string, number>();
  readonly timesAnswered = new Map<string, number>();
  private readonly waiting = new Set<() => void>();

  ask(digest: string): void {
    this.calls += 1;
    add(this.timesAsked, digest);
    for (const look of this.waiting) look();
  }

  answer(digest: string): void {
    add(this.timesAnswered, digest);
    for (const look of this.waiting) look();
  }

  async until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!reached()) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }
}

function add(times: Map<string, number>, digest: string): void {
  times.set(digest, (times.get(digest) ?? 0) + 1);
}

/** How far the course has been gone. */
function progress(times: ReadonlyMap<string, number>, course: ReadonlyMap<string, number>): number {
  return [...times].reduce((sum, [digest, count]) => sum + Math.min(count, course.get(digest) ?? 0), 0);
}

/** The demo application, each answer after `latencyMs`. */
export async function startCountingTarget(latencyMs: number): Promise<CountingTarget> {
  const target = createDemoTarget();
  const counts = new Map<string, Count>();
  let course: ReadonlyMap<string, number> = new Map();
  const countOf = (model: string): Count => {
    const count = counts.get(model) ?? new Count();
    counts.set(model, count);
    return count;
  };

  const progressOf = (model: string, at: 'asked' | 'answered'): number => {
    const { timesAsked, timesAnswered } = countOf(model);
    return progress(at === 'asked' ? timesAsked : timesAnswered, course);
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = CompletionBody.parse(JSON.parse(await text(request)));
    const count = countOf(body.model);
    const digest = requestDigest(body.seed, body.messages);
    count.ask(digest);
    const reply = await target.chat(requestOf(body), new AbortController().signal);
    const { inputTokens, outputTokens } = reply.usage;
    count.billMicroUsd += inputTokens * PRICE.input_usd_per_mtok + outputTokens * PRICE.output_usd_per_mtok;
    await sleep(latencyMs);
    response.once('finish', () => count.answer(digest));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(completionOf(reply, { id: `chatcmpl-${count.calls}`, created: 0 })));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: String(error) } }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    counted: countOf,
    takeAsCourse: (model) => {
      course = new Map(countOf(model).timesAsked);
    },
    progress: progressOf,
    reached: (model, calls, at) => countOf(model).until(() => progressOf(model, at) >= calls),
    nextCall: (model) => {
      const count = countOf(model);
      const before = count.calls;
      return count.until(() => count.calls > before);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
