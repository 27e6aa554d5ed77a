import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How long requests under way may take to end once the server closes, in milliseconds. */
const DRAIN_TIMEOUT_MS = 10_000;

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Takes no more connections, lets requests under way end for at most ten seconds, and closes what is left. */
  close(): Promise<void>;
}

/** The address cannot be listened on; the message names it and says why. */
class ListenError extends Error {
  constructor(
    readonly port: number,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
    this.name = 'ListenError';
  }
}

/**
 * Serves `listener`; port 0 takes a free one. `onClose` is called first when the server closes, to end streams.
 * @throws {ListenError} when the port is in use or may not be taken.
 */
export async function serveHttp(
  listener: RequestListener,
  address: { readonly host: string; readonly port: number },
  onClose: () => void = () => {},
): Promise<HttpServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ListenError(address.port, explain(error, address), error));
    });
    server.listen(address, resolve);
  });
  const port = portOf(server.address());

  let closed: Promise<void> | undefined;
  const close = () =>
    new Promise<void>((resolve) => {
      onClose();
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS);
      server.close(() => {
        clearInterval(sweep);
        clearTimeout(deadline);
        resolve();
      });
    });
  return { url: urlOf(address.host, port), port, close: () => (closed ??= close()) };
}

function explain(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): string {
  if (error.code === 'EADDRINUSE') {
    return `port ${port} on ${host} is already in use; stop what holds it or choose another port (0 takes a free one)`;
  }
  if (error.code === 'EACCES') {
    return `port ${port} on ${host} needs privileges that this process does not have; choose one above 1023`;
  }
  return `cannot listen on ${host}, port ${port}: ${error.message}`;
}

/** The port that was given; only a server on a pipe has none, and this one is not. */
function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** A server on all interfaces is named by the loopback address, which a person can open. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
