/** `# HELP`, `# TYPE` and `# UNIT` lines name the family that follows. */
const FAMILY = /^# (?:HELP|TYPE|UNIT) (\S+)/;

/**
 * Joins pages in the Prometheus text format into one. A family stands only once in a page: where a later page
 * repeats one, it is left out.
 */
export function mergeExpositions(pages: readonly string[]): string {
  const seen = new Set<string>();
  return pages
    .flatMap((page) => familiesOf(page).filter(({ name }) => !seen.has(name) && seen.add(name)))
    .map(({ lines }) => `${lines.join('\n')}\n`)
    .join('');
}

function familiesOf(page: string): readonly { readonly name: string; readonly lines: readonly string[] }[] {
  const families: { readonly name: string; readonly lines: string[] }[] = [];
  for (const line of page.split('\n')) {
    const named = FAMILY.exec(line)?.[1];
    if (named !== undefined && named !== families.at(-1)?.name) families.push({ name: named, lines: [] });
    if (line !== '' && line !== '# EOF') families.at(-1)?.lines.push(line);
  }
  return families;
}
