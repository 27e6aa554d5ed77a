import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface StandInReply {
  readonly status?: number;
  readonly body: unknown;
}

/** A small HTTP server that answers as it is told and keeps what it was asked. */
export interface ApiStandIn {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** `answer` gets the requests one after the other, with their number from 0. */
export async function startApiStandIn(
  answer: (request: SeenRequest, index: number) => StandInReply,
): Promise<ApiStandIn> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString();
      const { method = '', url = '', headers } = request;
      const asked: SeenRequest = { method, url, headers, body: text === '' ? undefined : JSON.parse(text) };
      seen.push(asked);
      const { status = 200, body } = answer(asked, seen.length - 1);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
