import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { serveDemoTarget } from '../src/targets/demo/server';

const requestSchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ content: z.string().nullish() })),
});

/** The one fault of the application that is measured: it does not understand a question with untidy punctuation. */
const UNTIDY = /[?!]{2}/;

/**
 * The demo application without its planted faults, and with the one above, over HTTP in a process of its own:
 * `node model-server.js LATENCY_MS`; tells its URL to the parent. It remembers its answers, which depend on nothing but
 * the request: what is measured is the system that asks.
 */
async function main(): Promise<void> {
  const latencyMs = Number(process.argv[2] ?? 0);
  const demo = await serveDemoTarget({ host: '127.0.0.1', port: 0, faults: [] });
  const answers = new Map<string, Promise<string>>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(request, 'end');
    const body = Buffer.concat(chunks);
    const key = createHash('sha1').update(body).digest('base64');
    const reply = answers.get(key) ?? ask(`${demo.url}${request.url ?? ''}`, body);
    answers.set(key, reply);
    const [text] = await Promise.all([reply, sleep(latencyMs)]);
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') process.send?.({ url: `http://127.0.0.1:${address?.port}` });
  });
  process.once('disconnect', () => process.exit());
}

async function ask(url: string, body: Buffer): Promise<string> {
  const request = requestSchema.parse(JSON.parse(body.toString()));
  if (UNTIDY.test(request.messages.at(-1)?.content ?? ''))
    return JSON.stringify(notUnderstood(request.model));
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return response.text();
}

function notUnderstood(model: string) {
  const message = { role: 'assistant', content: 'That is not clear.' };
  return {
    id: 'chatcmpl-0',
    object: 'chat.completion',
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 50, completion_tokens: 5, total_tokens: 55 },
  };
}

void main();
