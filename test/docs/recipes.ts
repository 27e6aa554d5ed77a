import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocument, ROOT } from './markdown';

/** What a compilation of the sources needs. */
const COPIED = ['src', 'workflows', 'activities', 'families', 'package.json', 'tsconfig.json'];

export interface RecipeTree {
  readonly folder: string;
  remove(): Promise<void>;
}

/** A copy of the sources with every recipe of a document applied. @throws naming the line that is not there. */
export async function applyRecipes(document: string): Promise<RecipeTree> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-recipes-'));
  for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const blocks = readDocument(document).matchAll(/^```(ts|diff)\n([\s\S]*?)^```$/gm);
  for (const [, language, text = ''] of blocks) {
    if (language === 'ts') await writeNew(folder, text);
    else await changeLines(folder, text);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A whole file; its first line says which. */
async function writeNew(folder: string, text: string): Promise<void> {
  const [, path = ''] = /^\/\/ (\S+)\n/.exec(text) ?? [];
  await writeFile(join(folder, path), text, { flag: 'wx' });
}

/** Lines of files, each file under its name: those with `-` are replaced by those with `+` after them. */
async function changeLines(folder: string, text: string): Promise<void> {
  for (const [, path = '', changes = ''] of text.matchAll(/^# (\S+)\n((?:[-+].*\n)+)/gm)) {
    let source = await readFile(join(folder, path), 'utf8');
    for (const [, before = '', after = ''] of changes.matchAll(/^-(.*\n)((?:\+.*\n)+)/gm)) {
      if (source.split(before).length !== 2) throw new Error(`${path} has not once the line ${before}`);
      source = source.replace(before, () => after.replaceAll(/^\+/gm, ''));
    }
    await writeFile(join(folder, path), source);
  }
}
