import type { CycleInput } from './cycle';

const SUMMARY_LENGTH = 180;

/** What Temporal's Web UI shows of a cycle, and under which id. */
export interface CycleHeading {
  /** An id that a person can read, and that the cycle's id determines. */
  readonly workflowId: string;
  readonly topic: string;
  readonly summary: string;
  /** Markdown. */
  readonly details: string;
}

/** The heading of a cycle, whoever starts it. */
export function cycleHeading({ cycleId, request }: Pick<CycleInput, 'cycleId' | 'request'>): CycleHeading {
  const known = request.regressions === true;
  const topic = known ? 'known failures' : (request.focus ?? 'all failure classes');
  return {
    workflowId: `cycle-${request.target}-${cycleId}`,
    topic: topic.slice(0, SUMMARY_LENGTH),
    summary: `Research cycle on ${request.target}: ${topic}`.slice(0, SUMMARY_LENGTH),
    details: [
      `- target \`${request.target}\``,
      ...(known
        ? [`- runs of a known failure: at most ${request.runsPerExperiment}`]
        : [
            `- at most ${request.maxHypotheses} × ${request.maxExperiments} experiments (hypotheses × experiments of each)`,
            `- runs of an experiment: ${request.runsPerExperiment}`,
            `- replay pairs of an intervention: ${request.replayPairs}`,
          ]),
      ...(request.schedule === undefined ? [] : [`- schedule \`${request.schedule.id}\``]),
      `- cycle \`${cycleId}\``,
    ].join('\n'),
  };
}
