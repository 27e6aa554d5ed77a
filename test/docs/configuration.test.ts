import { parse } from 'yaml';
import { CONFIG_TEMPLATE } from '../../src/cli/config-template';
import { SETTINGS } from '../../src/config/schema';
import { createTargetDirectory } from '../../src/targets';
import { readDocument, tableIn } from './markdown';
import { settingRows } from './settings';

const plain = (cell: string) => cell.replaceAll('`', '');

describe('docs/configuration.md', () => {
  it('lists every setting as the schema has it, each with its meaning', () => {
    const listed = tableIn('docs/configuration.md', 'settings');
    const general = settingRows().filter(([name]) => !name.startsWith('modes.'));
    expect(listed.map((cells) => cells.slice(0, 4).map(plain))).toEqual(general);
    expect(listed.filter((cells) => (cells[4] ?? '').length < 10)).toEqual([]);
  });

  it('says rightly what may differ by mode', () => {
    const names = settingRows().map(([name]) => name);
    const general = names.filter(
      (name) => /^(experiments|approval)\./.test(name) && name !== 'experiments.families_dir',
    );
    const byMode = ['lab', 'shadow', 'production'].flatMap((mode) =>
      general.map((name) => `modes.${mode}.${name}`),
    );
    expect(names.filter((name) => name.startsWith('modes.'))).toEqual(byMode);
  });

  it('shows targets that can be configured', () => {
    const examples = [...readDocument('docs/configuration.md').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)];
    expect(examples.length).toBeGreaterThan(0);
    for (const [, text = ''] of examples) {
      const { targets } = SETTINGS.parse(parse(text));
      const directory = createTargetDirectory(targets, { MY_KEY: 'secret' });
      expect(directory.names).toEqual(expect.arrayContaining(Object.keys(targets)));
    }
  });
});

describe('the template of tinman init', () => {
  it('shows the defaults, and nothing that is unknown', () => {
    const settings = CONFIG_TEMPLATE.split('\n')
      .filter((line) => !line.startsWith('## '))
      .map((line) => line.replace(/^# ?/, ''))
      .join('\n');
    const { targets, modes, researcher, ...general } = SETTINGS.parse(parse(settings));
    const { targets: _targets, modes: _modes, researcher: _researcher, ...defaults } = SETTINGS.parse({});
    expect(general).toEqual(defaults);
    expect(createTargetDirectory(targets, {}).names).toContain('my-assistant');
    expect(researcher).toBe('offline');
    expect(modes.production.experiments.max_parallel).toBe(2);
  });
});
