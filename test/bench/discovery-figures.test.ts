import { budgetFigures, campaignFigures, classFigures, totalFigures } from '../../bench/discovery-figures';
import { CAMPAIGNS } from '../../bench/discovery-campaigns';
import type { Examined, Finding } from '../../bench/discovery-examination';

const planted = { name: 'stubborn_tool', failureType: 'tool_loop', probability: 1 } as const;
const right: Finding = { failureType: 'tool_loop', caused: true };
const misnamed: Finding = { failureType: 'cascading_failure', caused: true };
const invented: Finding = { failureType: 'logic_error', caused: false };

function member(index: number, fault: Examined['fault'], findings: readonly Finding[]): Examined {
  const campaigns = fault === null ? [] : CAMPAIGNS.map(() => ({ found: findings.length > 0, calls: 50 }));
  return { index, fault, cycles: [{ findings, calls: 100 }], campaigns };
}

const examined = [
  member(0, planted, [right, misnamed]),
  member(1, planted, [misnamed]),
  member(2, planted, []),
  member(3, { ...planted, probability: 0.2 }, [invented]),
  member(4, null, [invented]),
  member(5, null, []),
];

describe('figures of the discovery bench', () => {
  const figures = budgetFigures(examined, 0);

  it('counts a fault as found only by failures that it caused', () => {
    expect(figures).toMatchObject({ recall_p100: 2 / 3, recall_typed_p100: 1 / 3, recall_p20: 0 });
    expect(classFigures(examined, 0, 'tool_use', 1)).toMatchObject({ recall: 2 / 3, recall_typed: 1 / 3 });
  });

  it('measures precision and type over all findings, those on healthy members among them', () => {
    expect(figures).toMatchObject({ findings: 5, precision: 3 / 5, type_accuracy: 1 / 5 });
    expect(figures).toMatchObject({ false_alarm_ratio: 1 / 2 });
  });

  it('gives every ratio with an interval around it', () => {
    const ratios = ['recall_p100', 'recall_typed_p20', 'precision', 'false_alarm_ratio', 'type_accuracy'];
    for (const name of [...ratios, 'calls_per_finding']) {
      const value = Number(figures[name]);
      expect(Number(figures[`${name}_low`])).toBeLessThanOrEqual(value);
      expect(Number(figures[`${name}_high`])).toBeGreaterThanOrEqual(value);
    }
  });

  it('has no ratio where there is no case', () => {
    expect(figures).not.toHaveProperty('recall_p50');
    expect(budgetFigures([member(0, null, [])], 0)).not.toHaveProperty('precision');
  });

  it('divides the calls on members with a fault by the faults found', () => {
    expect(figures).toMatchObject({ calls_per_cycle: 100, calls_per_finding: 200 });
    const [campaign] = CAMPAIGNS;
    if (campaign === undefined) throw new Error('there is no campaign');
    expect(campaignFigures(examined, campaign)).toMatchObject({ faulty: 4, found: 3 / 4, calls: 200 });
    expect(campaignFigures(examined, campaign)).toMatchObject({ found_per_1000_calls: 15 });
  });

  it('ends with the figures alone', () => {
    expect(Object.keys(totalFigures(figures, 5))).toEqual(
      'case recall_p100 recall_p50 recall_p20 precision false_alarm_ratio type_accuracy calls_per_finding seed'.split(
        ' ',
      ),
    );
  });
});
