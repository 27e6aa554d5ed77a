import type { JsonObject } from './chat';
import type { ExperimentDesign } from './experiment';
import type { Finding } from './failure';
import type { Hypothesis } from './hypothesis';
import type { Intervention } from './intervention';
import type { EdgeKind, MemoryEdge, MemoryNode, NodeKind } from './memory';
import type { SimulationResult } from './simulation';
import { cutToBytes } from './text-size';

const MAX_LABEL_BYTES = 200;

interface LearnedExperiment {
  readonly id: string;
  readonly hypothesisId: string;
  readonly design: Pick<ExperimentDesign, 'title' | 'failureType'>;
  readonly state: 'designed' | 'running' | 'done' | 'skipped' | 'failed';
}

interface LearnedRun {
  readonly id: string;
  readonly experimentId: string;
  readonly ordinal: number;
  readonly caseIndex: number;
}

interface LearnedSimulation {
  readonly id: string;
  readonly interventionId: string;
  /** Null until it is done. */
  readonly result: SimulationResult | null;
}

/** What a cycle did and found, as its records tell. */
export interface CycleLessons {
  readonly cycle: { readonly id: string };
  readonly target: { readonly name: string; readonly model: string };
  readonly hypotheses: readonly Hypothesis[];
  readonly experiments: readonly LearnedExperiment[];
  /** At least the failed runs of the failures; any others are passed over. */
  readonly runs: readonly LearnedRun[];
  readonly failures: readonly (Finding & { readonly previousFailureId: string | null })[];
  readonly interventions: readonly Intervention[];
  readonly simulations: readonly LearnedSimulation[];
  /** When all this began to be known: the start of validity of every node and edge. */
  readonly learnedAt: Date;
  /** The id of a node from its kind and key, or of an edge from its kind and `from>to`; equal parts give equal ids. */
  readonly idOf: (kindOrEdge: string, key: string) => string;
}

export interface MemoryGraph {
  /** Each id once. */
  readonly nodes: readonly MemoryNode[];
  /** Each id once; both ends are among the nodes. */
  readonly edges: readonly MemoryEdge[];
}

type NodeRef = readonly [kind: NodeKind, key: string];

/** Makes nodes and edges that are valid from the moment of learning. */
export interface Scribe {
  node(ref: NodeRef, label: string, data: JsonObject): MemoryNode;
  edge(from: NodeRef, kind: EdgeKind, to: NodeRef): MemoryEdge;
}

/**
 * The memory graph of one cycle, to be added to what is there already: a node or edge that is known keeps its first form.
 *
 * - hypothesis -tested_in-> experiment -executed_as-> run. Experiments that never began are left out; of the runs only
 *   failed ones are nodes, which keeps the graph small: the tables hold all of them.
 * - failure_mode -observed_in-> run, -caused_by-> model_version. The key of a failure mode is its trigger signature, so
 *   the same failure is one node over all cycles, and every model that showed it is linked. That a failure was `seen`
 *   again shows as further runs under the same node.
 * - failure_mode -addressed_by-> intervention, for every intervention designed for it, whatever its replay showed;
 *   intervention -simulated_by-> simulation, for finished replays, whose data holds the verdict.
 * - failure_mode -regressed_as-> failure_mode: each return of a failure that had been resolved or not reproduced is a
 *   node of its own, keyed `signature#failure id`, linked to the runs that showed it. All other knowledge stays with the
 *   node of the signature, so nothing needs to be rewritten, and the dates of the edges tell how often and when it came back.
 */
export function graphOfCycle(lessons: CycleLessons): MemoryGraph {
  const scribe = scribeOf(lessons);
  const parts = [
    ...(lessons.failures.length > 0 ? [modelVersion(lessons, scribe)] : []),
    hypothesesAndExperiments(lessons, scribe),
    ...lessons.failures.map((finding) => failureMode(lessons, finding, scribe)),
    interventions(lessons, scribe),
    simulations(lessons, scribe),
  ];
  return {
    nodes: distinct(parts.flatMap(({ nodes }) => nodes)),
    edges: distinct(parts.flatMap(({ edges }) => edges)),
  };
}

function modelVersion({ target }: CycleLessons, scribe: Scribe): MemoryGraph {
  const data = { target: target.name, model: target.model };
  return { nodes: [scribe.node(modelRef(target), modelRef(target)[1], data)], edges: [] };
}

function hypothesesAndExperiments(
  { cycle, hypotheses, experiments, runs }: CycleLessons,
  scribe: Scribe,
): MemoryGraph {
  const withRuns = new Set(runs.map(({ experimentId }) => experimentId));
  const neverBegun = ['designed', 'skipped'];
  const ran = experiments.filter(({ id, state }) => withRuns.has(id) || !neverBegun.includes(state));
  return {
    nodes: [
      ...hypotheses.map(({ id, expectedFailure, failureType, targetSurface, confidence }) =>
        scribe.node(['hypothesis', id], expectedFailure, {
          cycleId: cycle.id,
          failureType,
          targetSurface,
          confidence,
        }),
      ),
      ...ran.map(({ id, design, state }) =>
        scribe.node(['experiment', id], design.title, {
          cycleId: cycle.id,
          failureType: design.failureType,
          state,
        }),
      ),
    ],
    edges: ran.map(({ id, hypothesisId }) =>
      scribe.edge(['hypothesis', hypothesisId], 'tested_in', ['experiment', id]),
    ),
  };
}

function failureMode(
  { cycle, target, runs }: CycleLessons,
  finding: CycleLessons['failures'][number],
  scribe: Scribe,
): MemoryGraph {
  const { id, failureClass, failureType, trigger, triggerSignature, novelty, severity, previousFailureId } =
    finding;
  const mode: NodeRef = ['failure_mode', triggerSignature];
  const episode: NodeRef = ['failure_mode', `${triggerSignature}#${id}`];
  const regressed = novelty === 'regressed';
  const failedIds = new Set(finding.failedRunIds);
  const failed = runs.filter((run) => failedIds.has(run.id));
  const label = `${failureType}: ${trigger}`;
  const facts = {
    target: target.name,
    failureClass,
    failureType,
    trigger: cutToBytes(trigger, MAX_LABEL_BYTES),
  };
  const returned = { ...facts, cycleId: cycle.id, failureId: id, previousFailureId, severity };
  return {
    nodes: [
      scribe.node(mode, label, facts),
      ...(regressed ? [scribe.node(episode, `regressed, ${label}`, returned)] : []),
      ...failed.map(({ id: runId, ordinal, caseIndex }) => {
        const data = { cycleId: cycle.id, failureId: id, ordinal, caseIndex };
        return scribe.node(['run', runId], `run ${ordinal + 1} failed`, data);
      }),
    ],
    edges: [
      scribe.edge(mode, 'caused_by', modelRef(target)),
      ...(regressed ? [scribe.edge(mode, 'regressed_as', episode)] : []),
      ...failed.flatMap((run) => [
        scribe.edge(['experiment', run.experimentId], 'executed_as', ['run', run.id]),
        ...(regressed ? [mode, episode] : [mode]).map((from) =>
          scribe.edge(from, 'observed_in', ['run', run.id]),
        ),
      ]),
    ],
  };
}

function interventions(
  { cycle, failures, interventions: designed }: CycleLessons,
  scribe: Scribe,
): MemoryGraph {
  const signatures = new Map(failures.map(({ id, triggerSignature }) => [id, triggerSignature]));
  return {
    nodes: designed.map((intervention) => interventionNode(intervention, cycle.id, scribe)),
    edges: designed.flatMap(({ id, failureId }) => {
      const signature = signatures.get(failureId);
      if (signature === undefined) return [];
      return [scribe.edge(['failure_mode', signature], 'addressed_by', ['intervention', id])];
    }),
  };
}

/** An intervention as the graph knows it. */
export function interventionNode(
  { id, name, patch, failureId, riskTier }: Intervention,
  cycleId: string,
  scribe: Scribe,
): MemoryNode {
  return scribe.node(['intervention', id], name, { cycleId, failureId, type: patch.type, riskTier });
}

function simulations({ cycle, simulations: planned }: CycleLessons, scribe: Scribe): MemoryGraph {
  const done = planned.flatMap(({ result, ...simulation }) =>
    result === null ? [] : [{ ...simulation, result }],
  );
  return {
    nodes: done.map(({ id, interventionId, result: { verdict, reason, failing } }) => {
      const { pairs, fixed, broken, effect } = failing;
      const data = { cycleId: cycle.id, interventionId, verdict, pairs, fixed, broken, effect };
      return scribe.node(['simulation', id], `${verdict}: ${reason}`, data);
    }),
    edges: done.map(({ id, interventionId }) =>
      scribe.edge(['intervention', interventionId], 'simulated_by', ['simulation', id]),
    ),
  };
}

function modelRef({ name, model }: CycleLessons['target']): NodeRef {
  return ['model_version', `${name}@${model}`];
}

/** A scribe for everything that is learned at one moment. */
export function scribeOf({ learnedAt, idOf }: Pick<CycleLessons, 'learnedAt' | 'idOf'>): Scribe {
  const validity = { validFrom: learnedAt, validTo: null };
  return {
    node: ([kind, key], label, data) => ({
      id: idOf(kind, key),
      kind,
      key,
      label: cutToBytes(label, MAX_LABEL_BYTES),
      data,
      ...validity,
    }),
    edge: (from, kind, to) => {
      const [fromId, toId] = [idOf(...from), idOf(...to)];
      return { id: idOf(kind, `${fromId}>${toId}`), kind, fromId, toId, ...validity };
    },
  };
}

function distinct<T extends { readonly id: string }>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}
