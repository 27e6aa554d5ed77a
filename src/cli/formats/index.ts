import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { VERSION } from '../../version';
import type { CycleDetail } from '../cycle-view';
import { CliError, EXIT } from '../exit';
import { junitOf } from './junit';
import { reportedCycleSchema, type ReportedCycle } from './reported-cycle';
import { sarifOf } from './sarif';

/** Files for other programs that a cycle is to be written to. */
export interface FormatOptions {
  readonly junit?: string;
  readonly sarif?: string;
}

/**
 * Before a cycle is paid for: whether the files can be written.
 * @throws {CliError} `usage` when their folder is not there or nobody may write in it.
 */
export async function requireWritable(options: FormatOptions): Promise<void> {
  for (const { path } of formatsOf(options)) {
    const folder = dirname(resolve(path));
    await access(folder, constants.W_OK).catch(() => {
      throw new CliError(EXIT.usage, `cannot write ${path}: the folder ${folder} is missing or read-only`);
    });
  }
}

/** Writes an ended cycle to the files that were asked for. */
export async function writeFormats(options: FormatOptions, ended: CycleDetail): Promise<void> {
  const formats = formatsOf(options);
  if (formats.length === 0) return;
  const cycle = reportedCycleSchema.parse(ended);
  for (const { path, render } of formats) await writeFile(path, render(cycle));
}

function formatsOf({ junit, sarif }: FormatOptions) {
  const render = { junit: junitOf, sarif: (cycle: ReportedCycle) => sarifOf(cycle, VERSION) };
  return [
    ...(junit === undefined ? [] : [{ path: junit, render: render.junit }]),
    ...(sarif === undefined ? [] : [{ path: sarif, render: render.sarif }]),
  ];
}
