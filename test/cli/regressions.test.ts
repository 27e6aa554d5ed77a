import { regressionExit, writeRegressions } from '../../src/cli/regressions';
import { regressionCycle } from './formats/cycles';

const exitAfter = (...verdicts: Parameters<typeof regressionExit>[0][number]['verdict'][]) =>
  regressionExit(verdicts.map((verdict) => ({ verdict })));

it.each([
  [0, []],
  [0, ['fixed', 'fixed']],
  [1, ['fixed', 'still_failing']],
  [1, ['regressed', 'unassessed', 'inconclusive']],
  [3, ['fixed', 'inconclusive']],
  [3, ['unassessed']],
  [3, ['fixed', null]],
] as const)('a build ends with %i after %j', (code, verdicts) => {
  expect(exitAfter(...verdicts)).toBe(code);
});

it('people are shown every known failure, and why of some nobody knows', () => {
  const { regressions = [] } = regressionCycle(['a', 'b', 'c', 'd', 'e', 'f']).result;
  const limited = regressions.map((one) => ({ ...one, reason: 'target_error' }));
  let shown = '';
  writeRegressions({ write: (text) => void (shown += text) }, limited);
  expect(shown.split('\n')).toEqual([
    'VERDICT        WAS       SEVERITY  FAILURE TYPE  RECORDED  NOW     TRIGGER',
    'still failing  open      S2        logic_error   5 of 5    3 of 4  a',
    'regressed      resolved  S2        logic_error   5 of 5    3 of 4  b',
    'fixed          open      S2        logic_error   5 of 5    0 of 2  c',
    'inconclusive   open      S2        logic_error   5 of 5    0 of 2  d',
    'unassessed     open      S2        logic_error   5 of 5    0 of 2  e',
    'unassessed     open      S2        logic_error   5 of 5    0 of 2  f',
    'd: 2 runs held, which has a chance of 40 % even if nothing changed; it was replayed 2 times, limited by the mode; 1 could not be assessed (target_error)',
    'e: no run was assessed (target_error)',
    'f: no run was assessed (target_error)',
    '1 regressed, 1 still failing, 1 inconclusive, 2 unassessed, 1 fixed',
    '',
  ]);
});
