import XMLBuilder from 'fast-xml-builder';
import { shareOf, verdictOf, whyUnsettled, type Regression } from '../regressions';
import { oneLine } from '../terminal-text';
import {
  brokenOff,
  type ReportedCycle,
  type ReportedExperiment,
  type ReportedFailure,
} from './reported-cycle';

/** What XML 1.0 does not allow even as a reference: most controls, halves of surrogate pairs, non-characters. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  format: true,
  // A text "true" is a value, not an attribute without one.
  suppressBooleanAttributes: false,
});

interface Check {
  readonly name: string;
  readonly failureType: string;
  readonly seconds: number;
  readonly result: 'passed' | 'failure' | 'error' | 'skipped';
  /** In one word. */
  readonly type: string;
  readonly message: string;
  readonly details: string;
}

/**
 * A cycle as JUnit XML, one suite: a test for each known failure that it replayed, or else for each of its experiments.
 * What shows a failure has failed; of what nobody knows is an error; what was not run is skipped. It is valid by both
 * schemas in use, that of Ant (windyroad/JUnit-Schema) and that of Jenkins (xunit-plugin, junit-10.xsd).
 */
export function junitOf(cycle: ReportedCycle): string {
  const { regressions, experiments, failures } = cycle.result;
  const checks =
    regressions === undefined
      ? experiments.map(experimentCheck)
      : regressions.map((one) => regressionCheck(one, experiments, failures));
  return suiteOf(cycle, [...checks, ...cycleCheck(cycle)]);
}

function suiteOf(cycle: ReportedCycle, checks: readonly Check[]): string {
  const count = (result: Check['result']): number => checks.filter((check) => check.result === result).length;
  const what = cycle.result.regressions === undefined ? 'experiments' : 'known failures';
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      testsuite: {
        ...attributes({
          name: `${what} of ${cycle.target}`,
          package: 'tinman',
          id: '0',
          // Ant's schema wants no zone; it is UTC.
          timestamp: cycle.created_at.slice(0, 19),
          hostname: 'localhost',
          tests: String(checks.length),
          failures: String(count('failure')),
          errors: String(count('error')),
          skipped: String(count('skipped')),
          time: secondsBetween(cycle.created_at, cycle.ended_at).toFixed(3),
        }),
        properties: {
          property: [
            attributes({ name: 'cycle', value: cycle.id }),
            attributes({ name: 'target', value: cycle.target }),
            attributes({ name: 'state', value: cycle.state }),
          ],
        },
        testcase: checks.map((check) => caseOf(cycle.target, check)),
        'system-out': '',
        'system-err': '',
      },
    },
  };
  return builder.build(document);
}

function caseOf(target: string, check: Check) {
  const { type, message, details } = check;
  // Jenkins and Ant give a skipped test no attributes.
  const told =
    check.result === 'skipped'
      ? xmlText(`${type}: ${details}`)
      : { ...attributes({ type, message }), '#text': xmlText(details) };
  return {
    ...attributes({
      name: check.name,
      classname: `${target}.${check.failureType}`,
      time: check.seconds.toFixed(3),
    }),
    ...(check.result === 'passed' ? {} : { [check.result]: told }),
  };
}

function regressionCheck(
  one: Regression,
  experiments: readonly ReportedExperiment[],
  failures: readonly ReportedFailure[],
): Check {
  const found = failures.find(({ id }) => id === one.found_as);
  const experiment = experiments.find(({ id }) => id === one.experiment_id);
  const was = `it was ${one.was.replaceAll('_', ' ')}, recorded in ${shareOf(one.recorded)} runs`;
  return {
    name: one.trigger,
    failureType: one.failure_type,
    seconds: experiment === undefined ? 0 : secondsBetween(experiment.started_at, experiment.ended_at),
    result: resultOf(one.verdict),
    type: verdictOf(one).replaceAll(' ', '_'),
    message: `${verdictOf(one)}: ${shareOf(one.observed)} runs failed; ${was}`,
    details: found === undefined ? (whyUnsettled(one) ?? '') : detailsOf(found),
  };
}

function resultOf(verdict: Regression['verdict']): Check['result'] {
  if (verdict === 'fixed') return 'passed';
  return verdict === 'regressed' || verdict === 'still_failing' ? 'failure' : 'error';
}

function experimentCheck(experiment: ReportedExperiment): Check {
  const { failed, held, unassessed } = experiment.outcomes;
  const told = {
    name: experiment.title,
    failureType: experiment.failure_type,
    seconds: secondsBetween(experiment.started_at, experiment.ended_at),
    message: `${failed} of ${failed + held} runs failed; ${unassessed} could not be assessed`,
    details: experiment.detail ?? '',
  };
  if (failed > 0) return { ...told, result: 'failure', type: experiment.failure_type };
  if (experiment.state === 'skipped')
    return { ...told, result: 'skipped', type: experiment.skip_reason ?? 'skipped' };
  return held > 0
    ? { ...told, result: 'passed', type: 'held' }
    : { ...told, result: 'error', type: 'unassessed' };
}

/** A cycle that broke off is an error by itself: its other tests may all be well. */
function cycleCheck(cycle: ReportedCycle): readonly Check[] {
  const message = brokenOff(cycle);
  if (message === undefined) return [];
  const { state } = cycle;
  return [
    {
      ...{ name: 'the cycle ends by itself', failureType: 'cycle', seconds: 0 },
      ...{ result: 'error', type: state, message, details: '' },
    },
  ];
}

function detailsOf({ description, root_cause, evidence, id, trigger_signature }: ReportedFailure): string {
  const quotes = evidence.map(({ quote }) => `Evidence: ${oneLine(quote)}`);
  return [description, root_cause, ...quotes, `Failure ${id}, ${trigger_signature}`].join('\n');
}

function attributes(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`@${name}`, xmlText(oneLine(value))]),
  );
}

function xmlText(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(FORBIDDEN, '\uFFFD');
}

function secondsBetween(start: string | null, end: string | null): number {
  return start === null || end === null ? 0 : Math.max(0, (Date.parse(end) - Date.parse(start)) / 1_000);
}
