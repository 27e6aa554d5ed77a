import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkDemoFaults } from '../src/targets/demo/faults';
import { serveDemoTarget } from '../src/targets/demo/server';

/**
 * The demo application over HTTP in a process of its own: `node model-server.js FAULTS LATENCY_MS`; tells its URL to the
 * parent. It remembers its answers, which depend on nothing but the request: what is measured is the system that asks.
 */
async function main(): Promise<void> {
  const [faults = 'none', latencyMs = '0'] = process.argv.slice(2);
  const demo = await serveDemoTarget({
    host: '127.0.0.1',
    port: 0,
    faults: checkDemoFaults(faults.split(',')),
  });
  const answers = new Map<string, Promise<string>>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const key = createHash('sha1').update(body).digest('base64');
    const reply = answers.get(key) ?? ask(`${demo.url}${request.url ?? ''}`, body);
    answers.set(key, reply);
    const [text] = await Promise.all([reply, sleep(Number(latencyMs))]);
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
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return response.text();
}

void main();
