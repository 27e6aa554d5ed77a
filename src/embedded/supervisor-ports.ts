import { createServer, type Server } from 'node:net';

/** A port to listen on; 0 takes a free one. */
export interface PortRequest {
  readonly port: number;
  /** What a person changes to get another one. */
  readonly setting: string;
}

/** A port that was asked for cannot be had; the message names it. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
}

/**
 * Finds out whether the ports are free, all at the same time, and takes free ones for 0. They are let go again at once.
 * @throws {PortInUse} for the first that is not.
 */
export async function claimPorts(host: string, requests: readonly PortRequest[]): Promise<readonly number[]> {
  const servers: Server[] = [];
  try {
    const ports: number[] = [];
    for (const request of requests) {
      const server = createServer();
      ports.push(await listen(server, host, request));
      servers.push(server);
    }
    return ports;
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** So many free ports on loopback. */
export function freePorts(count: number): Promise<readonly number[]> {
  return claimPorts(
    '127.0.0.1',
    Array.from({ length: count }, () => ({ port: 0, setting: '' })),
  );
}

function listen(server: Server, host: string, { port, setting }: PortRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be taken (${error.message})`;
      const message =
        `Port ${port} on ${host} ${reason}. Stop what holds it, or choose another one with ${setting} ` +
        '(0 takes a free one).';
      reject(new PortInUse(message, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
