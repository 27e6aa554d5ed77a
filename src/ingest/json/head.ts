import { isRecord } from '../fields';
import type { ListPlan } from './list-plan';
import { parseJson } from './lossless';
import { JsonSplitter } from './splitter';

/** The beginning of a stream, as far as it tells what the stream holds. */
export interface Head {
  /** The first documents; the last may be cut short. */
  readonly documents: readonly unknown[];
  /** Whether each line is a document. */
  readonly isLines: boolean;
  /** Why the first document cannot be parsed. */
  readonly problem: string | null;
  /** Whether there is nothing but space. */
  readonly isEmpty: boolean;
}

const MAX_DOCUMENTS = 20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENERS: Readonly<Record<number, string>> = { 0x7b: '}', 0x5b: ']' };
const CLOSERS = new Set([0x7d, 0x5d]);

/**
 * Reads what the beginning of a stream of JSON holds; `isWhole` says that it is all of it. Where one record breaks a
 * document, those that can be cut out by one of the plans tell what it is.
 */
export function readHead(bytes: Buffer, isWhole: boolean, plans: readonly ListPlan[]): Head {
  const lines = parsedLines(bytes, isWhole);
  if (lines !== null) return { documents: lines, isLines: true, problem: null, isEmpty: false };
  const documents: unknown[] = [];
  let problem: string | null = null;
  for (const text of documentsIn(bytes)) {
    const parsed = parse(text);
    if (parsed instanceof SyntaxError) problem ??= parsed.message;
    else documents.push(parsed);
  }
  if (documents.length === 0 && problem !== null)
    documents.push(...plans.flatMap((plan) => salvaged(bytes, plan)));
  return { documents, isLines: false, problem, isEmpty: isWhole && bytes.every(isSpace) };
}

function salvaged(bytes: Buffer, plan: ListPlan): unknown[] {
  const parsed = new JsonSplitter(plan, 0)
    .push(bytes)
    .map((part) => ('bytes' in part ? parse(part.bytes) : null));
  return parsed.filter((value) => value !== null && !(value instanceof SyntaxError)).slice(0, MAX_DOCUMENTS);
}

function isSpace(byte: number): boolean {
  return byte <= 0x20;
}

/** The documents that are a line each; null when the text is not made of such lines. */
function parsedLines(bytes: Buffer, isWhole: boolean): unknown[] | null {
  const lines: Buffer[] = [];
  let from = 0;
  while (lines.length < MAX_DOCUMENTS && from < bytes.length) {
    const end = bytes.indexOf('\n', from);
    if (end < 0 && !isWhole) break;
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    if (line.toString('latin1').trim() !== '') lines.push(line);
    from = end < 0 ? bytes.length : end + 1;
  }
  const parsed = lines.map(parse).filter((value) => isRecord(value) || Array.isArray(value));
  const documents = parsed.filter((value) => !(value instanceof SyntaxError));
  return documents.length >= 2 && documents.length * 2 >= lines.length ? documents : null;
}

function parse(bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) return error;
    throw error;
  }
}

/** The text of each document; one that is cut short ends after its last whole value, and is closed there. */
function documentsIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const closers: string[] = [];
  let start = 0;
  let safe = 0;
  for (let at = 0; at < bytes.length && found.length < MAX_DOCUMENTS; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === COMMA) safe = at;
    else if (isBracket(byte)) {
      if (closers.length === 0) start = at;
      safe = at + 1;
      if (!follow(byte, closers)) found.push(bytes.subarray(start, safe));
    }
  }
  if (closers.length > 0) {
    found.push(Buffer.concat([bytes.subarray(start, safe), Buffer.from(closers.toReversed().join(''))]));
  }
  return found;
}

/** Keeps what closes the brackets that are open; false when this closes the last. */
function follow(byte: number, closers: string[]): boolean {
  const closer = OPENERS[byte];
  if (closer === undefined) closers.pop();
  else closers.push(closer);
  return closers.length > 0;
}

function isBracket(byte: number): boolean {
  return OPENERS[byte] !== undefined || CLOSERS.has(byte);
}

/** Where the string that starts there ends; the end of the text when it does not. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) at++;
  }
  return bytes.length;
}
