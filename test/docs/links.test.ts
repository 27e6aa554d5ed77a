import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { documents, linkedFiles, ROOT } from './markdown';

describe('links', () => {
  it.each(documents())('of %s lead to files that are there', (document) => {
    expect(linkedFiles(document).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('reach every document from README.md', () => {
    const reached = new Set<string>();
    const follow = (document: string): void => {
      if (reached.has(document)) return;
      reached.add(document);
      linkedFiles(document)
        .filter((path) => path.endsWith('.md'))
        .forEach(follow);
    };
    follow('README.md');
    expect(documents().filter((path) => !reached.has(path))).toEqual([]);
  });
});
