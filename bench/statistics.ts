import {
  clopperPearsonInterval,
  credibleInterval,
  JEFFREYS,
  pairedPower,
  pairsForPower,
  wilsonInterval,
} from '../src/domain/statistics';
import { print } from './report';
import {
  candidatesStudy,
  correctionStudy,
  drawRuns,
  effectStudy,
  intervalStudy,
  seeded,
  verdictStudy,
} from './statistical-studies';
import type { Cell, StudySize } from './statistical-studies';

const TRIALS = 2_000;
const DEFAULT_PAIRS = 30;
const RATES = [0.01, 0.02, 0.05, ...Array.from({ length: 17 }, (_, i) => 0.1 + i * 0.05), 0.95, 0.98, 0.99];
const SIZES = [3, 5, 10, 20, 30, 50, 100, 200];

function figures(cells: readonly Cell[]) {
  const mean = (of: (cell: Cell) => number): number =>
    cells.reduce((sum, cell) => sum + of(cell), 0) / cells.length;
  return {
    cells: cells.length,
    mean_exact: mean(({ exact }) => exact),
    mean_simulated: mean(({ simulated }) => simulated),
    least_exact: Math.min(...cells.map(({ exact }) => exact)),
    most_exact: Math.max(...cells.map(({ exact }) => exact)),
    largest_z: Math.max(...cells.map(({ z }) => Math.abs(z))),
  };
}

function seedOf(args: readonly string[]): number {
  const at = args.indexOf('--seed');
  return at < 0 ? 1 : Number(args[at + 1]);
}

function main(): void {
  const seed = seedOf(process.argv);
  const all: Cell[] = [];
  const size = (rates: readonly number[], sizes: readonly number[]): StudySize => ({
    rates,
    sizes,
    trials: TRIALS,
    random: seeded(seed),
  });
  const report = (name: string, cells: readonly Cell[]) => {
    all.push(...cells);
    const found = figures(cells);
    print({ case: name, ...found });
    return found;
  };

  const every = drawRuns(size(RATES, SIZES));
  const wilson = report('coverage of Wilson', intervalStudy(wilsonInterval, every));
  report('coverage of Clopper-Pearson', intervalStudy(clopperPearsonInterval, every));
  const jeffreys = (count: number, n: number) =>
    credibleInterval({ a: JEFFREYS.a + count, b: JEFFREYS.b + n - count });
  report('coverage of Jeffreys', intervalStudy(jeffreys, every));
  const judge = { sensitivity: 0.9, specificity: 0.9, measuredOn: 50 };
  report('coverage of Lang-Reiczigel', correctionStudy(judge, size(RATES, [10, 30, 100])));
  const few = [0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99];
  for (const removed of [0, 0.8]) {
    const cells = effectStudy(removed, size(few, [5, 10, 30, 60]));
    report(`coverage of Newcombe, ${removed} removed`, cells);
  }

  const useless = report('useless change improved', verdictStudy(0, size(few, [5, 10, 30, 100])));
  const any = report('any of three useless improved', candidatesStudy(3, size(few, [10, 30])));
  const common = [0.5, 0.6, 0.7, 0.8, 0.9, 1];
  const removes = report('80 % removed, improved', verdictStudy(0.8, size(common, [DEFAULT_PAIRS])));
  const rare = { baselineRate: 0.2, removedShare: 0.8, level: 0.05 };
  const needed = pairsForPower(rare, 0.9, { min: 5, max: 500 });
  report('80 % removed at 0.2, improved', verdictStudy(0.8, size([0.2], [needed.n])));
  print({
    case: 'total',
    wilson_mean_coverage: wilson.mean_simulated,
    largest_z: Math.max(...all.map(({ z }) => Math.abs(z))),
    useless_improved_at_most: useless.most_exact,
    any_of_three_useless_at_most: any.most_exact,
    power_at_least: removes.least_exact,
    power_at_p20_with_30_pairs: pairedPower(DEFAULT_PAIRS, rare),
    pairs_needed_at_p20: needed.n,
    seed,
  });
}

main();
