import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';

export const SECRET = `whsec_${Buffer.from('a secret of the tests, 32 bytes!').toString('base64')}`;

const Body = z.strictObject({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});

/** An event that came, verified by the library that receivers use. */
export interface ReceivedEvent extends z.infer<typeof Body> {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: readonly ReceivedEvent[];
  /** Requests that were not signed as they should be. */
  readonly forged: number;
  close(): Promise<void>;
}

/** Listens on loopback; answers each event by `answer`, given the number of requests before it: 204 unless told. */
export async function startReceiver(
  answer: (event: ReceivedEvent, before: number) => Reply | Promise<Reply> = () => ({ status: 204 }),
): Promise<WebhookReceiver> {
  const received: ReceivedEvent[] = [];
  let forged = 0;
  const verifier = new Webhook(SECRET);
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { headers } = request;
    try {
      verifier.verify(body, z.record(z.string(), z.string()).parse(headers));
    } catch {
      forged++;
      response.writeHead(401).end();
      return;
    }
    const event = { ...Body.parse(JSON.parse(body)), id: String(headers['webhook-id']), headers, text: body };
    received.push(event);
    const { status, headers: more, body: answered } = await answer(event, received.length - 1);
    response.writeHead(status, { ...more }).end(answered);
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    get forged() {
      return forged;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}
