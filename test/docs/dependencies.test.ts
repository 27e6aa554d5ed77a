import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from './markdown';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const names = z.record(z.string(), z.string()).transform((section) => Object.keys(section).toSorted());
const { dependencies, devDependencies } = z
  .object({ dependencies: names, devDependencies: names })
  .parse(JSON.parse(read('package.json')));

it('docs/dependencies.md has a row for every dependency, in its section', () => {
  const [, atRunTime = '', forDevelopment = ''] = read('docs/dependencies.md').split(/^## /m);
  const rows = (section: string) =>
    [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name).toSorted();
  expect(rows(atRunTime)).toEqual(dependencies);
  expect(rows(forDevelopment)).toEqual(devDependencies);
});

it('the lock names no registry', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved"/);
});
