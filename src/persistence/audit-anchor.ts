import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { ChainHead } from './audit-chain';

/** A head of the chain that was verified and written down outside the database. */
export interface Anchor extends ChainHead {
  /** ISO 8601, UTC. */
  readonly at: string;
}

export interface AnchorFile {
  /** In the order of the file. */
  readonly anchors: readonly Anchor[];
  /** Numbers of lines that hold no anchor: a write that a crash cut off leaves one. */
  readonly unreadableLines: readonly number[];
}

const anchorSchema = z.strictObject({
  seq: z.int().min(1),
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
});

/** Everything that was anchored; nothing where there is no file. */
export async function readAnchors(path: string): Promise<AnchorFile> {
  const anchors: Anchor[] = [];
  const unreadableLines: number[] = [];
  for (const [index, line] of (await textOf(path)).split('\n').entries()) {
    if (line === '') continue;
    const anchor = parseAnchor(line);
    if (anchor === undefined) unreadableLines.push(index + 1);
    else anchors.push(anchor);
  }
  return { anchors, unreadableLines };
}

/** The anchor of the highest place: processes that share a file may write theirs in another order. */
export function lastAnchor(anchors: readonly Anchor[]): Anchor | undefined {
  return anchors.reduce<Anchor | undefined>(
    (last, anchor) => (last === undefined || anchor.seq >= last.seq ? anchor : last),
    undefined,
  );
}

/** Adds a line and waits until it is on the disk. */
export async function appendAnchor(path: string, { seq, hmac }: ChainHead): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const line = `${JSON.stringify({ seq, hmac, at: new Date().toISOString() })}\n`;
  const file = await open(path, 'a+', 0o600);
  try {
    // One write: processes that share the file do not mix their lines.
    await file.write((await endsWithinLine(file)) ? `\n${line}` : line);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

function parseAnchor(line: string): Anchor | undefined {
  try {
    return anchorSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!existsSync(path)) return '';
    throw error;
  }
}

/** After a write that was cut off. */
async function endsWithinLine(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== '\n';
}

/** So that a new file outlives a power failure too; Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
