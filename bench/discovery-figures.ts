import { wilsonInterval } from '../src/domain/statistics';
import { classOf, type FailureClass } from '../src/domain/taxonomy';
import { CAMPAIGNS, type Campaign } from './discovery-campaigns';
import { BUDGETS, type CycleResult, type Examined, type Finding } from './discovery-examination';
import { PROBABILITIES } from './discovery-population';
import type { CycleSize } from './in-process-cycle';

type Figures = Readonly<Record<string, string | number>>;

/** A member with what one of its cycles came to. */
interface Cycle extends CycleResult {
  readonly fault: Examined['fault'];
}

/** How many members there are with a fault, and how many without. */
export function populationFigures(examined: readonly Examined[], seed: number): Figures {
  const faults = examined.flatMap(({ fault }) => fault ?? []);
  return {
    case: 'population',
    faulty: faults.length,
    healthy: examined.length - faults.length,
    faults: new Set(faults.map(({ name }) => name)).size,
    failure_types: new Set(faults.map(({ failureType }) => failureType)).size,
    seed,
  };
}

/** Recall, precision, false alarms, type accuracy and cost of cycles of one size; docs/discovery.md defines each. */
export function budgetFigures(examined: readonly Examined[], budget: number): Figures {
  const { maxHypotheses, maxExperiments, runsPerExperiment } = sizeOf(budget);
  const cycles = cyclesOf(examined, budget);
  const faulty = cycles.filter(({ fault }) => fault !== null);
  const healthy = cycles.filter(({ fault }) => fault === null);
  const findings = cycles.flatMap((cycle) =>
    cycle.findings.map((finding) => ({ finding, right: isTyped(cycle, finding) })),
  );
  const found = faulty.filter(isFound).length;
  return {
    case: `budget ${nameOf(budget)}`,
    max_hypotheses: maxHypotheses,
    max_experiments: maxExperiments,
    runs_per_experiment: runsPerExperiment,
    faulty: faulty.length,
    healthy: healthy.length,
    findings: findings.length,
    ...recallFigures(faulty),
    ...ratio('precision', findings.filter(({ finding }) => finding.caused).length, findings.length),
    ...ratio(
      'false_alarm_ratio',
      healthy.filter((cycle) => cycle.findings.length > 0).length,
      healthy.length,
    ),
    ...ratio('type_accuracy', findings.filter(({ right }) => right).length, findings.length),
    calls_per_cycle: callsOf(cycles) / cycles.length,
    ...perFinding(callsOf(faulty), found, faulty.length),
  };
}

function recallFigures(faulty: readonly Cycle[]): Figures {
  const figures = PROBABILITIES.map((probability): Figures => {
    const of = faulty.filter(({ fault }) => fault?.probability === probability);
    const typed = of.filter((cycle) => cycle.findings.some((finding) => isTyped(cycle, finding)));
    return {
      ...ratio(`recall_p${probability * 100}`, of.filter(isFound).length, of.length),
      ...ratio(`recall_typed_p${probability * 100}`, typed.length, of.length),
    };
  });
  return figures.reduce((all, each) => ({ ...all, ...each }), {});
}

/** Recall of one class of faults at one share. */
export function classFigures(
  examined: readonly Examined[],
  budget: number,
  failureClass: FailureClass,
  probability: number,
): Figures {
  const of = cyclesOf(examined, budget).filter(
    ({ fault }) => fault?.probability === probability && classOf(fault.failureType) === failureClass,
  );
  const typed = of.filter((cycle) => cycle.findings.some((finding) => isTyped(cycle, finding)));
  return {
    case: `class ${failureClass} at ${probability}, budget ${nameOf(budget)}`,
    faulty: of.length,
    ...ratio('recall', of.filter(isFound).length, of.length),
    ...ratio('recall_typed', typed.length, of.length),
  };
}

/** The faults of the population by how often they were missed or called something else. */
export function faultFigures(examined: readonly Examined[], budget: number): readonly Figures[] {
  const names = [...new Set(examined.flatMap(({ fault }) => fault?.name ?? []))];
  return names.map((name) => {
    const of = cyclesOf(examined, budget).filter(({ fault }) => fault?.name === name);
    const others = of.flatMap((cycle) =>
      cycle.findings.filter((finding) => !isTyped(cycle, finding)).map(({ failureType }) => failureType),
    );
    return {
      case: `fault ${name}`,
      failure_type: of[0]?.fault?.failureType ?? '',
      faulty: of.length,
      found: of.filter(isFound).length,
      found_typed: of.filter((cycle) => cycle.findings.some((finding) => isTyped(cycle, finding))).length,
      also_called: [...new Set(others)].sort().join(' '),
    };
  });
}

/** Failures found per thousand calls by campaigns of one size and order. */
export function campaignFigures(examined: readonly Examined[], campaign: Campaign): Figures {
  const results = examined.flatMap(({ campaigns }) => campaigns[CAMPAIGNS.indexOf(campaign)] ?? []);
  const found = results.filter((result) => result.found).length;
  const calls = results.reduce((sum, result) => sum + result.calls, 0);
  const interval = wilsonInterval(found, results.length);
  const perThousand = (1_000 * results.length) / calls;
  return {
    case: `order ${campaign.order}, ${campaign.cycles} cycles of ${campaign.size.maxHypotheses} hypotheses`,
    faulty: results.length,
    ...ratio('found', found, results.length),
    calls,
    found_per_1000_calls: (1_000 * found) / calls,
    ...(interval === null
      ? {}
      : {
          found_per_1000_calls_low: perThousand * interval.low,
          found_per_1000_calls_high: perThousand * interval.high,
        }),
  };
}

/** The last line: the figures of a budget without their intervals, which stand in its own line. */
export function totalFigures(ofBudget: Figures, seed: number): Figures {
  const names = [
    ...PROBABILITIES.map((probability) => `recall_p${probability * 100}`),
    ...['precision', 'false_alarm_ratio', 'type_accuracy', 'calls_per_finding'],
  ];
  const figures = names.map((name) => [name, ofBudget[name] ?? Number.NaN] as const);
  return { case: 'total', ...Object.fromEntries(figures), seed };
}

function sizeOf(budget: number): CycleSize {
  const size = BUDGETS[budget];
  if (size === undefined) throw new Error(`there is no budget ${budget}`);
  return size;
}

function nameOf(budget: number): string {
  const { maxHypotheses, maxExperiments, runsPerExperiment } = sizeOf(budget);
  return `${maxHypotheses}x${maxExperiments}x${runsPerExperiment}`;
}

function cyclesOf(examined: readonly Examined[], budget: number): readonly Cycle[] {
  return examined.flatMap(({ fault, cycles }) => {
    const cycle = cycles[budget];
    return cycle === undefined ? [] : [{ ...cycle, fault }];
  });
}

/** The fault was found, whatever it was called. */
function isFound({ findings }: Cycle): boolean {
  return findings.some(({ caused }) => caused);
}

function isTyped({ fault }: Cycle, { failureType, caused }: Finding): boolean {
  return caused && failureType === fault?.failureType;
}

function callsOf(cycles: readonly Cycle[]): number {
  return cycles.reduce((sum, { calls }) => sum + calls, 0);
}

/** Calls on faulty members for each fault found; the interval is that of the share found. */
function perFinding(calls: number, found: number, faulty: number): Figures {
  const interval = wilsonInterval(found, faulty);
  if (found === 0 || interval === null) return {};
  return {
    calls_per_finding: calls / found,
    calls_per_finding_low: calls / (faulty * interval.high),
    calls_per_finding_high: calls / (faulty * interval.low),
  };
}

/** A share of 0–1 with its Wilson 95 % interval; nothing when there is no case. */
function ratio(name: string, count: number, n: number): Figures {
  const interval = wilsonInterval(count, n);
  if (interval === null) return {};
  return { [name]: count / n, [`${name}_low`]: interval.low, [`${name}_high`]: interval.high };
}
