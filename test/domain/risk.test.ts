import { assert, constantFrom, dictionary, integer, property, record } from 'fast-check';
import { DEFAULT_POLICY, loadRiskPolicy } from '../../src/config/risk-policy';
import { MODES, type Mode } from '../../src/domain/mode';
import { microOfUsd } from '../../src/domain/money';
import { ACTION_TYPES, assessRisk, judgeByRules, RISK_TIERS, type RiskPolicy } from '../../src/domain/risk';
import { SEVERITIES } from '../../src/domain/severity';

const policy = loadRiskPolicy(DEFAULT_POLICY);

/** Costs in USD on both sides of both thresholds, by the column of the table below. */
const COSTS = {
  cheap: [0, 0.5, 0.999999, 1],
  middling: [1.000001, 5, 9.999999],
  dear: [10, 10.000001, 1_000],
};

/**
 * Written down from the seed's table by hand: the tiers of S0 to S4, as s(afe), r(eview) and b(lock), for a cheap, a
 * middling and a dear action.
 */
const GOLDEN: Readonly<Record<Mode, Readonly<Record<string, readonly [string, string, string]>>>> = {
  lab: {
    DEPLOY_INTERVENTION: ['ssrrb', 'rrrrb', 'bbbbb'],
    DESTRUCTIVE_TEST: ['ssrrb', 'rrrrb', 'bbbbb'],
    DESTRUCTIVE_TOOL_CALL: ['ssrrb', 'rrrrb', 'bbbbb'],
    others: ['ssrrb', 'rrrrb', 'bbbbb'],
  },
  shadow: {
    DEPLOY_INTERVENTION: ['srrbb', 'rrrbb', 'bbbbb'],
    DESTRUCTIVE_TEST: ['bbbbb', 'bbbbb', 'bbbbb'],
    DESTRUCTIVE_TOOL_CALL: ['bbbbb', 'bbbbb', 'bbbbb'],
    others: ['srrbb', 'rrrbb', 'bbbbb'],
  },
  production: {
    DEPLOY_INTERVENTION: ['bbbbb', 'bbbbb', 'bbbbb'],
    DESTRUCTIVE_TEST: ['bbbbb', 'bbbbb', 'bbbbb'],
    DESTRUCTIVE_TOOL_CALL: ['bbbbb', 'bbbbb', 'bbbbb'],
    others: ['rrbbb', 'rrbbb', 'bbbbb'],
  },
};

const cells = MODES.flatMap((mode) => ACTION_TYPES.map((type) => ({ mode, type })));

describe('the default policy', () => {
  it.each(cells)('answers every severity and cost of $type in $mode as the seed has it', ({ mode, type }) => {
    const seen = Object.values(COSTS).map((costs) =>
      costs.map((usd) =>
        SEVERITIES.map((severity) => {
          const estimatedCostMicroUsd = microOfUsd(usd);
          return assessRisk({ type, severity, estimatedCostMicroUsd }, mode, policy).tier.slice(0, 1);
        }).join(''),
      ),
    );
    const expected = GOLDEN[mode][type] ?? GOLDEN[mode]['others'] ?? [];
    expect(seen).toEqual(Object.values(COSTS).map((costs, band) => costs.map(() => expected[band])));
  });

  it('covers all there is', () => {
    expect({ actions: ACTION_TYPES.length, cells: cells.length, severities: SEVERITIES.length }).toEqual({
      actions: 14,
      cells: 42,
      severities: 5,
    });
  });
});

const tier = constantFrom(...RISK_TIERS);
const modeOf = constantFrom(...MODES);
const severityOf = constantFrom(...SEVERITIES);
const typeOf = constantFrom(...ACTION_TYPES);
const row = record({ S0: tier, S1: tier, S2: tier, S3: tier, S4: tier });
const anyPolicy = record({
  version: constantFrom('any'),
  baseMatrix: record({ lab: row, shadow: row, production: row }),
  actionOverrides: dictionary(typeOf, dictionary(modeOf, tier)),
  costThresholds: record({
    lowCostMaxMicroUsd: integer({ min: 0, max: 5_000_000 }),
    highCostMinMicroUsd: integer({ min: 5_000_000, max: 20_000_000 }),
  }),
});
const anyAction = record({
  type: typeOf,
  severity: severityOf,
  estimatedCostMicroUsd: integer({ min: 0, max: 25_000_000 }),
});
const rank = (one: (typeof RISK_TIERS)[number]) => RISK_TIERS.indexOf(one);

describe('any policy', () => {
  it('is never loosened by another override, in any cell', () => {
    assert(
      property(
        anyPolicy,
        typeOf,
        modeOf,
        tier,
        anyAction,
        modeOf,
        (before, type, mode, added, action, in_) => {
          const standing = before.actionOverrides[type]?.[mode] ?? 'safe';
          const overrides = { ...before.actionOverrides[type], [mode]: strictest(standing, added) };
          const after: RiskPolicy = {
            ...before,
            actionOverrides: { ...before.actionOverrides, [type]: overrides },
          };
          const [was, is] = [assessRisk(action, in_, before).tier, assessRisk(action, in_, after).tier];
          expect(rank(is)).toBeGreaterThanOrEqual(rank(was));
          expect(is === was || (action.type === type && in_ === mode)).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('has its strictest rule decide, and nothing beside its rules', () => {
    assert(
      property(anyPolicy, anyAction, modeOf, (any, action, mode) => {
        const { baseMatrix, actionOverrides, costThresholds } = any;
        const { type, severity, estimatedCostMicroUsd: cost } = action;
        const tiers = [baseMatrix[mode][severity], actionOverrides[type]?.[mode] ?? 'safe'];
        if (cost > costThresholds.lowCostMaxMicroUsd) tiers.push('review');
        if (cost >= costThresholds.highCostMinMicroUsd) tiers.push('block');
        if (type.startsWith('DESTRUCTIVE') && mode !== 'lab') tiers.push('block');
        const { tier: decided, rule } = assessRisk(action, mode, any);
        expect(decided).toBe(tiers.reduce(strictest));
        const rules = judgeByRules(action, mode, any);
        expect(rules.find((one) => one.rule === rule)?.tier).toBe(decided);
      }),
      { numRuns: 1_000 },
    );
  });

  it('cannot let anything destructive happen outside lab', () => {
    const safe = { S0: 'safe', S1: 'safe', S2: 'safe', S3: 'safe', S4: 'safe' } as const;
    const lax: RiskPolicy = {
      version: 'lax',
      baseMatrix: { lab: safe, shadow: safe, production: safe },
      actionOverrides: {},
      costThresholds: { lowCostMaxMicroUsd: microOfUsd(100), highCostMinMicroUsd: microOfUsd(100) },
    };
    for (const type of ['DESTRUCTIVE_TEST', 'DESTRUCTIVE_TOOL_CALL'] as const) {
      const action = { type, severity: 'S0', estimatedCostMicroUsd: 0 } as const;
      expect(MODES.map((mode) => assessRisk(action, mode, lax).tier)).toEqual(['safe', 'block', 'block']);
      expect(assessRisk(action, 'shadow', lax)).toMatchObject({
        rule: 'lab_only',
        reason: `${type} is for lab mode only`,
      });
    }
  });
});

function strictest(
  a: (typeof RISK_TIERS)[number],
  b: (typeof RISK_TIERS)[number],
): (typeof RISK_TIERS)[number] {
  return rank(a) >= rank(b) ? a : b;
}
