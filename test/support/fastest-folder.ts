import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** Where temporary databases lie: in memory, where there is enough of it; they are cloned ten times faster there. */
export async function fastestFolder(): Promise<string> {
  const memory = await statfs('/dev/shm').catch(() => undefined);
  return memory !== undefined && memory.bavail * memory.bsize > 4e9 ? '/dev/shm' : tmpdir();
}
