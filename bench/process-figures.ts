import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const BYTES_PER_KIB = 1_024;
const BYTES_PER_MB = 1_000_000;
/** Linux counts CPU time in hundredths of a second (USER_HZ, fixed for user space). */
const MS_PER_TICK = 10;

/** Resident memory of a process in MB. */
export function rssMb(pid: number | undefined): number {
  const kib = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return (kib * BYTES_PER_KIB) / BYTES_PER_MB;
}

/** CPU time in ms of parts that are one or more processes, each with its children; empty on systems without /proc. */
export function cpuMsOf(
  parts: Readonly<Record<string, readonly { readonly pid?: number | undefined }[]>>,
): Readonly<Record<string, number>> {
  if (!existsSync('/proc/self/stat')) return {};
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)));
  return Object.fromEntries(
    Object.entries(parts).map(([name, members]) => {
      const pids = new Set(members.map(({ pid }) => pid));
      const own = processes.filter((one) => pids.has(one.pid) || pids.has(one.parent));
      return [name, own.reduce((sum, one) => sum + one.cpuMs, 0)];
    }),
  );
}

/** Of proc(5): parent is field 4, user and system time of the process 14 and 15, of its ended children 16 and 17. */
function readStat(
  pid: number,
): readonly { readonly pid: number; readonly parent: number; readonly cpuMs: number }[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
    return [{ pid, parent: fields[1] ?? 0, cpuMs: ticks * MS_PER_TICK }];
  } catch {
    // It ended between the listing and the look.
    return [];
  }
}
