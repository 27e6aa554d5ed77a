import { randomInt } from 'node:crypto';
import { claimPorts, PortInUse } from '../../src/embedded/supervisor-ports';

/** Below those that systems give to connections of their own (from 32,768 on Linux, from 49,152 elsewhere). */
const [FIRST, END] = [12_000, 32_000];

/** So many free ports that nobody takes by chance while the process that listens on them is started again. */
export async function keepablePorts(count: number): Promise<readonly number[]> {
  const requests = Array.from({ length: count }, () => ({ port: randomInt(FIRST, END), setting: '' }));
  try {
    return await claimPorts('127.0.0.1', requests);
  } catch (error) {
    if (error instanceof PortInUse) return keepablePorts(count);
    throw error;
  }
}
