import { parse } from 'yaml';
import { z } from 'zod';
import { readDocument, tableIn } from './markdown';

const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string() })) })),
});

describe('docs/operations.md', () => {
  it('says of each alert what it means and what to do', () => {
    const { groups } = Rules.parse(parse(readDocument('examples/prometheus/alerts.yml')));
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => `\`${alert}\``));
    const rows = tableIn('docs/operations.md', 'alerts');
    expect(rows.map(([alert]) => alert)).toEqual(alerts);
    expect(rows.flat().filter((cell) => cell === '')).toEqual([]);
  });
});
