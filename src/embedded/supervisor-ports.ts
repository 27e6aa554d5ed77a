import { createServer } from 'node:net';

/** A port that was asked for is taken; the message names it. */
export class PortInUse extends Error {
  override readonly name = 'PortInUse';
}

/** So many different free ports of an address, free at least at this moment. */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const taken = await Promise.all(Array.from({ length: count }, () => takePort(host, 0)));
  await Promise.all(taken.map((one) => one.release()));
  return taken.map(({ port }) => port);
}

/**
 * The port itself once it is known to be free; for 0 a free one.
 * @throws {PortInUse} naming the setting and the port.
 */
export async function claimPort(host: string, port: number, setting: string): Promise<number> {
  try {
    const taken = await takePort(host, port);
    await taken.release();
    return taken.port;
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
        ? 'is already in use'
        : `cannot be taken (${error instanceof Error ? error.message : String(error)})`;
    throw new PortInUse(
      `Port ${port} on ${host} ${reason}. Stop what holds it, or choose another with ${setting} (0 takes a free one).`,
      { cause: error },
    );
  }
}

interface TakenPort {
  readonly port: number;
  readonly release: () => Promise<void>;
}

async function takePort(host: string, port: number): Promise<TakenPort> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
