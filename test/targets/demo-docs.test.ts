import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_DEMO_FAULTS, DEMO_FAULT_NAMES, plantedFault } from '../../src/targets/demo/faults';

const document = readFileSync(join(__dirname, '../../docs/demo-target.md'), 'utf8');

function tableBetween(marker: string): readonly (readonly string[])[] {
  const block = document.split(`<!-- ${marker} -->`)[1]?.split(`<!-- /${marker} -->`)[0] ?? '';
  return block
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/demo-target.md', () => {
  it('lists every fault as the registry has it', () => {
    const expected = DEMO_FAULT_NAMES.map((name) => {
      const fault = plantedFault(name);
      const { failureType, description, trigger, fixedBy, probability } = fault;
      return [`\`${name}\``, failureType, description, trigger, String(probability), fixedBy];
    });
    expect(tableBetween('faults')).toEqual(expected);
  });

  it('lists the faults that are active unless others are set', () => {
    const listed = document.split('<!-- default -->')[1]?.split('<!-- /default -->')[0] ?? '';
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(DEFAULT_DEMO_FAULTS);
  });

  it('lists the repairing words as the registry has them', () => {
    const expected = DEMO_FAULT_NAMES.flatMap((name) => {
      const rule = plantedFault(name).repairingRule;
      return rule === undefined ? [] : [[`\`${name}\``, rule.map((group) => group.join(', ')).join(' · ')]];
    });
    expect(tableBetween('rules')).toEqual(expected);
  });
});
