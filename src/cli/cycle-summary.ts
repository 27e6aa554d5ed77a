import { z } from 'zod';
import type { ApiClient } from './api-client';
import { columnsOf, type Output } from './context';
import { counted, type CycleDetail } from './cycle-view';
import { writeRegressions } from './regressions';
import { oneLine, wrapped } from './terminal-text';

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

/**
 * What a cycle found, for people: each failure with its evidence, fix and the verdict of the replay; or what became of the
 * known failures that it replayed.
 */
export async function writeCycleSummary(
  client: ApiClient,
  cycle: CycleDetail,
  output: Output,
): Promise<void> {
  const { progress, result } = cycle;
  output.write(
    `\nCycle ${cycle.id} ${cycle.state.replaceAll('_', ' ')}` +
      ` (target ${oneLine(cycle.target)}, researcher ${oneLine(cycle.researcher)})\n` +
      `  ${counted(progress.hypotheses, 'hypothesis', 'hypotheses')}, ` +
      `${counted(progress.experiments_total, 'experiment')}, ${counted(progress.runs_done, 'run')}, ` +
      `${counted(progress.failures, 'failure')}, $${progress.spent_usd.toFixed(4)} spent\n`,
  );
  if (cycle.error !== null) output.write(`  Error: ${oneLine(cycle.error)}\n`);
  if (result?.regressions === undefined) return writeFindings(client, cycle, output);
  writeRegressions(output, result.regressions);
}

async function writeFindings(client: ApiClient, { id, result }: CycleDetail, output: Output): Promise<void> {
  const { items: simulations } = await client.callPatiently('/simulations', simulationPage, {
    query: { cycle_id: id, limit: MAX_SIMULATIONS },
  });
  const failures = (result?.failures ?? []).toSorted((a, b) =>
    textOf(b, 'severity').localeCompare(textOf(a, 'severity')),
  );
  output.write(failures.length === 0 ? 'No failure was found.\n' : 'Findings\n');
  for (const failure of failures) {
    writeFailure(output, failure);
    for (const intervention of result?.interventions ?? []) {
      if (intervention['failure_id'] !== failure.id) continue;
      const simulation = simulations.find((one) => one.intervention_id === intervention.id);
      writeFix(output, intervention, simulation);
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
  const { data } = followUpSchema.safeParse(failure['follow_up']);
  if (data !== undefined) writeIndented(output, `followed up: ${data.summary}`);
}

const followUpSchema = z.looseObject({ summary: z.string() });

/** As many lines as it takes, indented. */
function writeIndented(output: Output, text: string, indent = INDENT): void {
  for (const line of wrapped(oneLine(text), columnsOf(output) - indent.length))
    output.write(`${indent}${line}\n`);
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
  const plays = failure['reproducibility_from'] === 'variations' ? 'varied play' : 'run';
  return `${rate.count} of ${counted(rate.n, plays)}${interval}`;
}

function writeFix(
  output: Output,
  intervention: Readonly<Record<string, unknown>>,
  simulation: Simulation | undefined,
): void {
  const verdict = simulation === undefined ? 'not replayed' : (simulation.verdict ?? simulation.state);
  const name = `${textOf(intervention, 'type')} "${textOf(intervention, 'name')}"`;
  writeIndented(output, `fix (${verdict.replaceAll('_', ' ')}): ${name}`);
  const reason = simulation?.reason;
  if (typeof reason === 'string') writeIndented(output, reason, `${INDENT}  `);
}

function textOf(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name];
  return typeof value === 'string' ? value : '';
}
