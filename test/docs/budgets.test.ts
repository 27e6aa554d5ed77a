import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/schema';
import { LIST_PRICES } from '../../src/llm/prices';
import { readDocument, tableIn } from './markdown';

describe('docs/budgets.md', () => {
  it('shows every list price with its source and date', () => {
    const rows = Object.entries(LIST_PRICES).map(([model, price]) => [
      `\`${model}\``,
      ...[
        price.inputUsdPerMtok,
        price.outputUsdPerMtok,
        price.cacheReadUsdPerMtok,
        price.cacheWriteUsdPerMtok,
      ].map((usd) => String(usd)),
      price.asOf,
      price.source,
    ]);
    expect(tableIn('docs/budgets.md', 'prices')).toEqual(rows);
  });

  it('shows a configuration that is one', () => {
    const [, text = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(readDocument('docs/budgets.md')) ?? [];
    expect(SETTINGS.parse(parse(text)).cost.targets).toEqual({
      assistant: { budget_usd: 20, period: 'weekly' },
    });
  });
});
