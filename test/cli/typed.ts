import { Readable } from 'node:stream';
import type { CliContext } from '../../src/cli/context';

/** Somebody who types these lines, and then no more. */
export const typing =
  (...said: readonly string[]): CliContext['typedLines'] =>
  () =>
    Readable.from(said);
