import { z } from 'zod';
import type { ApiClient } from './api-client';
import type { Output } from './context';
import { counted, type CycleDetail } from './cycle-view';
import { oneLine, shortened } from './terminal-text';

const simulationSchema = z.looseObject({
  intervention_id: z.string(),
  state: z.string(),
  verdict: z.string().nullable(),
  reason: z.string().nullable(),
});
const simulationPage = z.looseObject({ items: z.array(simulationSchema) });
type Simulation = z.infer<typeof simulationSchema>;

const MAX_SIMULATIONS = 200;
const INDENT = '      ';
/** Of a terminal that does not say; elsewhere nothing is cut. */
const DEFAULT_COLUMNS = 80;

/** What a cycle found, for people: each failure with its evidence, fix and the verdict of the replay. */
export async function writeCycleSummary(
  client: ApiClient,
  cycle: CycleDetail,
  output: Output,
): Promise<void> {
  const { items: simulations } = await client.callPatiently('/simulations', simulationPage, {
    query: { cycle_id: cycle.id, limit: MAX_SIMULATIONS },
  });
  const { progress, result } = cycle;
  output.write(
    `\nCycle ${cycle.id} ${cycle.state.replaceAll('_', ' ')}` +
      ` (target ${oneLine(cycle.target)}, researcher ${oneLine(cycle.researcher)})\n` +
      `  ${counted(progress.hypotheses, 'hypothesis', 'hypotheses')}, ` +
      `${counted(progress.experiments_total, 'experiment')}, ${counted(progress.runs_done, 'run')}, ` +
      `${counted(progress.failures, 'failure')}, $${progress.spent_usd.toFixed(4)} spent\n`,
  );
  if (cycle.error !== null) output.write(`  Error: ${oneLine(cycle.error)}\n`);
  const failures = (result?.failures ?? []).toSorted((a, b) =>
    textOf(b, 'severity').localeCompare(textOf(a, 'severity')),
  );
  output.write(failures.length === 0 ? 'No failure was found.\n' : 'Findings\n');
  for (const failure of failures) {
    writeFailure(output, failure);
    for (const intervention of result?.interventions ?? []) {
      if (intervention['failure_id'] !== failure.id) continue;
      const simulation = simulations.find((one) => one.intervention_id === intervention.id);
      writeIndented(output, `fix: ${describeFix(intervention, simulation)}`);
    }
  }
}

function writeFailure(output: Output, failure: Readonly<Record<string, unknown>>): void {
  const rate = rateOf(failure);
  const heading = [
    textOf(failure, 'severity'),
    textOf(failure, 'failure_type'),
    textOf(failure, 'novelty'),
    rate,
  ];
  output.write(`  ${heading.filter((part) => part !== '').join('  ')}\n`);
  writeIndented(output, textOf(failure, 'description'));
}

/** One line, cut to the width of a terminal. */
function writeIndented(output: Output, text: string): void {
  const room = output.isTTY === true ? (output.columns || DEFAULT_COLUMNS) - INDENT.length : Infinity;
  output.write(`${INDENT}${shortened(oneLine(text), room)}\n`);
}

const rateSchema = z.looseObject({
  count: z.number(),
  n: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

function rateOf(failure: Readonly<Record<string, unknown>>): string {
  const rate = rateSchema.safeParse(failure['reproducibility']).data;
  if (rate === undefined) return '';
  const interval =
    rate.low === null || rate.high === null
      ? ''
      : ` (95 %: ${Math.round(rate.low * 100)}–${Math.round(rate.high * 100)} %)`;
  return `${rate.count} of ${counted(rate.n, 'run')}${interval}`;
}

function describeFix(
  intervention: Readonly<Record<string, unknown>>,
  simulation: Simulation | undefined,
): string {
  const name = `${textOf(intervention, 'type')} "${textOf(intervention, 'name')}"`;
  if (simulation === undefined) return `${name}, not replayed`;
  const verdict = simulation.verdict ?? simulation.state;
  const reason = simulation.reason === null ? '' : `: ${simulation.reason}`;
  return `${name} → ${verdict.replaceAll('_', ' ')}${reason}`;
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : '';
}
