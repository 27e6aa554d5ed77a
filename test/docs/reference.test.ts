import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program';
import { EXIT } from '../../src/cli/exit';
import { judgeReplay, type ReplayedPair } from '../../src/domain/replay';
import {
  pairedPower,
  pairsForPower,
  rateOf,
  sequentialOperation,
  sharedLevel,
} from '../../src/domain/statistics';
import { ApiClient } from '../api/api-client';
import { FakeWorld } from '../api/fake-world';
import { readDocument, tableIn } from './markdown';
import { typing } from '../cli/typed';

const quoted = (text: string) => `\`${text}\``;

describe('docs/api.md', () => {
  it('lists every endpoint in the words of the OpenAPI document', async () => {
    const api = await ApiClient.start(new FakeWorld());
    await api.close();
    const endpoints = Object.entries(api.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { summary }]) => [
        quoted(method.toUpperCase()),
        quoted(path),
        summary,
      ]),
    );
    expect(tableIn('docs/api.md', 'endpoints')).toEqual(endpoints);
  });
});

describe('docs/cli.md', () => {
  const nowhere = { write: () => true };
  const program = createProgram(
    {
      env: {},
      cwd: '.',
      stdout: nowhere,
      stderr: nowhere,
      signal: new AbortController().signal,
      mainScript: '',
      notifyParent: () => undefined,
      typedLines: typing(),
      onHangUp: () => undefined,
      setExitCode: () => undefined,
    },
    '0',
  );

  it('lists every command with its options and in its words', () => {
    expect(tableIn('docs/cli.md', 'commands')).toEqual(rowsOf(program));
  });

  it('explains every exit code and every option that all commands have', () => {
    const text = readDocument('docs/cli.md');
    for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`^\\| ${code} `, 'm'));
    const shared = program.options.filter(({ long }) => long !== '--version');
    for (const { flags } of shared) expect(text).toContain(`| ${quoted(flags)} `);
  });
});

function rowsOf(command: Command, path = ''): readonly (readonly string[])[] {
  const name = `${path} ${command.name()}`.trim();
  if (command.commands.length > 0) return command.commands.flatMap((inner) => rowsOf(inner, name));
  const args = command.registeredArguments.map((argument) => ` <${argument.name()}>`).join('');
  const options = command.options.filter(({ hidden }) => !hidden).map(({ flags }) => quoted(flags));
  return [[quoted(name + args), options.join(' '), command.description()]];
}

describe('docs/statistics.md', () => {
  it('shows the intervals that the code computes', () => {
    const rows = tableIn('docs/statistics.md', 'wilson');
    expect(rows.length).toBeGreaterThan(3);
    for (const [failed = '', assessed = '', interval] of rows) {
      const { low, high } = rateOf(Number(failed), Number(assessed));
      expect(`${low?.toFixed(3)}–${high?.toFixed(3)}`).toBe(interval);
    }
  });

  it('shows the power and the pairs that the code computes', () => {
    const rows = tableIn('docs/statistics.md', 'power');
    expect(rows.length).toBeGreaterThan(3);
    for (const [rate, power, ...needed] of rows) {
      const effect = (candidates: number) => ({
        baselineRate: Number(rate),
        removedShare: 0.8,
        level: sharedLevel(0.05, candidates),
      });
      expect(pairedPower(30, effect(1)).toFixed(3)).toBe(power);
      const limits = { min: 5, max: 500 };
      expect([1, 2, 3].map((n) => String(pairsForPower(effect(n), 0.9, limits).n))).toEqual(needed);
    }
  });

  it('shows how the sequential verdict works', () => {
    const rows = tableIn('docs/statistics.md', 'sequential');
    expect(rows.length).toBeGreaterThan(3);
    const plan = { p0: 0.05, p1: 0.5, alpha: 0.05, beta: 0.05 };
    for (const [rate, ...shown] of rows) {
      const { established, refuted, undecided, expectedRuns } = sequentialOperation(plan, 20, Number(rate));
      const chances = [established, refuted, undecided].map((chance) => chance.toFixed(3));
      expect([...chances, expectedRuns.toFixed(1)]).toEqual(shown);
    }
  });

  it('shows the verdicts that the code gives', () => {
    const rows = tableIn('docs/statistics.md', 'verdicts');
    expect(rows.length).toBeGreaterThan(3);
    for (const [fixed, broken, both, neither, ...shown] of rows) {
      const { verdict, failing } = judgeReplay(
        [
          ...pairs('failed', 'held', fixed),
          ...pairs('held', 'failed', broken),
          ...pairs('failed', 'failed', both),
          ...pairs('held', 'held', neither),
        ],
        [],
      );
      const { pValue, effect, effectLow, effectHigh } = failing;
      const interval = `${effectLow?.toFixed(2)} to ${effectHigh?.toFixed(2)}`;
      expect([pValue.toFixed(4), effect?.toFixed(2), interval, verdict]).toEqual(shown);
    }
  });
});

function pairs(
  baseline: 'failed' | 'held',
  candidate: 'failed' | 'held',
  count: string | undefined,
): ReplayedPair[] {
  return Array.from({ length: Number(count) }, () => ({ baseline, candidate }));
}
