import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Appends lines to `logs/NAME.log` of a home. */
export function logFile(home: string, name: string): (line: string) => void {
  const folder = join(home, 'logs');
  mkdirSync(folder, { recursive: true });
  return (line) => appendFileSync(join(folder, `${name}.log`), `${line}\n`);
}
