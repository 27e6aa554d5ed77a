import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The folder of package.json. */
export const ROOT = join(__dirname, '..', '..');

/** The text of a file, by its path from the root. */
export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** README.md and everything in docs/, by path from the root. */
export function documents(): readonly string[] {
  const found = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...found.filter((path) => path.endsWith('.md')).map((path) => join('docs', path))];
}

/** The cells of the table between `<!-- name -->` and `<!-- /name -->`, without its heading. */
export function tableIn(document: string, name: string): readonly (readonly string[])[] {
  const block = readDocument(document).split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? '';
  const rows = block.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

export interface Fence {
  /** What stands in a comment on the line before. */
  readonly marker: string | undefined;
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks under a heading of the second level. */
export function fencesUnder(document: string, heading: string): readonly Fence[] {
  const section = readDocument(document).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const pattern = /(?:^<!-- (.+) -->\n+)?^```(\w+)\n([\s\S]*?)^```$/gm;
  return [...section.matchAll(pattern)].map(([, marker, language = '', text = '']) => ({
    marker,
    language,
    text,
  }));
}

/** Targets of links that lead to files, as paths from the root. */
export function linkedFiles(document: string): readonly string[] {
  const prose = readDocument(document).replace(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => relative(ROOT, join(ROOT, document, '..', target)));
}
