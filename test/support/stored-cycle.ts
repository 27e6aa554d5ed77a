import { randomUUID } from 'node:crypto';
import { createLedger } from '../../src/persistence/ledger';
import { closePrisma, openDatabase } from '../../src/persistence/client';
import { createStores } from '../../src/persistence/stores';
import { recordId } from '../../src/persistence/record-id';
import { createTestDatabase } from './postgres';
import type { RecordedReplay, RecordedRun, StoredFinding } from '../../src/ports/stores';
import type { CycleInput } from '../../src/domain/cycle';
import type { Hypothesis } from '../../src/domain/hypothesis';
import type { Intervention } from '../../src/domain/intervention';
import type { Ledger } from '../../src/ports/ledger';
import type { PrismaClient } from '../../src/persistence/client';
import type { SimulationResult } from '../../src/domain/simulation';
import type { Stores } from '../../src/ports/stores';

export { assessedAction, LAX, originOf } from './assessed-action';

export const STAMP = { researcher: 'offline', researcherVersion: 'rules-1' } as const;

export interface StoredWorld {
  readonly prisma: PrismaClient;
  readonly stores: Stores;
  readonly ledger: Ledger;
  /** How many audit entries there are of these types about this subject. */
  audited(subjectId: string, eventType: string): Promise<number>;
  stop(): Promise<void>;
}

/** A database in lab mode with its stores. */
export async function startStores(): Promise<StoredWorld> {
  const database = await createTestDatabase();
  const opened = openDatabase(database.url, { poolSize: 10 });
  const { prisma } = opened;
  const stores = createStores(opened);
  await stores.mode.initialise('lab', 'test');
  return {
    prisma,
    stores,
    ledger: createLedger(prisma, {
      global: { limitMicroUsd: null, period: 'unlimited', hardLimit: true },
    }),
    audited: (subjectId, eventType) => prisma.auditLog.count({ where: { subjectId, eventType } }),
    async stop() {
      await closePrisma(prisma);
      await database.drop();
    },
  };
}

/** The same write three times: twice at the same instant and once later, as retries after a crash would. */
export async function threeTimes<T>(write: () => Promise<T>): Promise<readonly T[]> {
  const together = await Promise.all([write(), write()]);
  return [...together, await write()];
}

export function cycleInput(target = 'demo'): CycleInput & typeof STAMP & { readonly workflowId: string } {
  const cycleId = randomUUID();
  return {
    cycleId,
    workflowId: `cycle-${cycleId}`,
    request: {
      focus: 'tools',
      target,
      maxHypotheses: 2,
      maxExperiments: 1,
      runsPerExperiment: 2,
      replayPairs: 5,
      budgetMicroUsd: null,
    },
    requestedBy: 'ana',
    requestHash: 'hash',
    ...STAMP,
  };
}

export function hypothesesOf(cycleId: string): Hypothesis[] {
  return [
    { failureType: 'logic_error' as const, priority: 2 },
    { failureType: 'tool_loop' as const, priority: 1 },
  ].map(({ failureType, priority }, ordinal) => ({
    id: recordId('hypothesis', cycleId, ordinal),
    targetSurface: 'chat',
    expectedFailure: `shows ${failureType}`,
    failureType,
    confidence: 0.5,
    priority,
    rationale: 'never tried',
  }));
}

export function designsOf(cycleId: string, hypotheses: readonly Hypothesis[]) {
  return hypotheses.map(({ id, failureType }) => ({
    id: recordId('experiment', id, 0),
    cycleId,
    hypothesisId: id,
    ordinal: 0,
    design: {
      title: `provoke ${failureType}`,
      failureType,
      cases: [
        {
          trigger: 'a sum',
          turns: ['what is 2 + 2?'],
          failsWhen: { kind: 'numeric_wrong' as const, expected: 4 },
        },
      ],
      controls: [],
      destructive: false,
      maxOutputTokens: 100,
    },
    runsRequested: 2,
    estimatedCostMicroUsd: 1_000,
  }));
}

export function runOf(experimentId: string, ordinal: number, outcome: RecordedRun['outcome']): RecordedRun {
  const at = new Date('2026-11-23T02:00:00.123Z');
  return {
    id: recordId('run', experimentId, ordinal),
    ordinal,
    caseIndex: 0,
    seed: ordinal,
    outcome,
    reason: outcome === 'unassessed' ? 'timeout' : null,
    detail: null,
    evidence: outcome === 'failed' ? [{ messageIndex: 1, quote: '5', explanation: 'not 4' }] : [],
    judgement: null,
    injectionAttempts: [],
    transcript: {
      messages: [
        { role: 'user', content: 'what is 2 + 2?' },
        { role: 'assistant', content: '5' },
      ],
      calls: [
        {
          model: 'demo-1',
          finishReason: 'stop',
          usage: { inputTokens: 8, outputTokens: 1 },
          latencyMs: 3,
        },
      ],
    },
    inputTokens: 8,
    outputTokens: 1,
    costMicroUsd: 12,
    latencyMs: 3,
    startedAt: at,
    endedAt: new Date(at.getTime() + 3),
  };
}

export function findingOf(
  cycleId: string,
  experimentId: string,
  changes: Partial<StoredFinding> = {},
): StoredFinding {
  return {
    id: recordId('failure', cycleId, changes.triggerSignature ?? 'demo/logic_error/a sum'),
    cycleId,
    experimentId,
    target: 'demo',
    failureClass: 'reasoning',
    failureType: 'logic_error',
    severity: 'S2',
    severityReason: 'default of the type',
    triggerSignature: 'demo/logic_error/a sum',
    trigger: 'a sum',
    description: 'adds wrongly',
    reproducibility: { value: 0.5, n: 2, count: 1, low: 0.094, high: 0.906 },
    novelty: 'new',
    previousFailureId: null,
    rootCause: 'guesses',
    impact: 0.4,
    impactReason: 'wrong figures',
    evidence: [{ quote: '5', explanation: 'not 4' }],
    failedRunIds: [recordId('run', experimentId, 0)],
    assessed: { by: 'rules', judgedBy: null },
    injectionAttempts: [],
    ...changes,
  };
}

function interventionOf(cycleId: string, failureId: string): Intervention & { readonly ordinal: number } {
  return {
    id: recordId('intervention', cycleId, failureId, 0),
    failureId,
    ordinal: 0,
    name: 'count twice',
    description: 'tells the model to check sums',
    patch: { type: 'prompt_patch', append: 'Check every sum.' },
    riskTier: 'safe',
    isReversible: true,
    rollbackPlan: 'remove the line',
    estimatedEffectiveness: 0.7,
  };
}

function simulationOf(cycleId: string, interventionId: string) {
  return {
    id: recordId('simulation', cycleId, interventionId),
    cycleId,
    interventionId,
    pairsRequested: 5,
    plan: {
      pairs: 5,
      chosenBy: 'request' as const,
      candidates: 1,
      level: 0.05,
      assumedRate: 0.5,
      power: 0,
    },
    estimatedCostMicroUsd: 2_000,
  };
}

export function replayOf(
  simulationId: string,
  pair: number,
  lane: RecordedReplay['lane'],
  sourceRunId: string | null = null,
): RecordedReplay {
  const { ordinal: _, ...figures } = runOf(simulationId, pair, lane === 'baseline' ? 'failed' : 'held');
  return {
    ...figures,
    id: recordId('replay', simulationId, pair, lane),
    control: false,
    pair,
    lane,
    sourceRunId,
  };
}

export const IMPROVED: SimulationResult = {
  verdict: 'improved',
  reason: 'fixed 5 of 5',
  failing: {
    pairs: 5,
    unassessedPairs: 0,
    baselineFailed: 5,
    candidateFailed: 0,
    fixed: 5,
    broken: 0,
    pValue: 0.0625,
    effect: 1,
    effectLow: 0.5,
    effectHigh: 1,
  },
  controls: {
    pairs: 0,
    unassessedPairs: 0,
    baselineFailed: 0,
    candidateFailed: 0,
    fixed: 0,
    broken: 0,
    pValue: 1,
    effect: null,
    effectLow: null,
    effectHigh: null,
  },
  candidates: 1,
  level: 0.05,
};

/** A cycle as far as its designs, with both experiments. */
export async function designedCycle({ stores }: Pick<StoredWorld, 'stores'>, target = 'demo') {
  const input = cycleInput(target);
  await stores.cycles.open(input);
  const hypotheses = hypothesesOf(input.cycleId);
  await stores.hypotheses.save(input.cycleId, hypotheses, STAMP);
  const designs = designsOf(input.cycleId, hypotheses);
  await stores.experiments.saveDesigns(input.cycleId, designs, STAMP);
  return { input, cycleId: input.cycleId, hypotheses, designs };
}

/** A cycle with one failure (one failed, one held run), an intervention and its planned simulation. */
export async function discoveredCycle(world: Pick<StoredWorld, 'stores'>, target = 'demo') {
  const { stores } = world;
  const { cycleId, designs, input } = await designedCycle(world, target);
  const experimentId = designs[0]!.id;
  await stores.experiments.begin(experimentId, 'lab', 2);
  const runs = [runOf(experimentId, 0, 'failed'), runOf(experimentId, 1, 'held')];
  await stores.experiments.recordRuns(experimentId, cycleId, runs, []);
  await stores.experiments.finish(experimentId, null);
  const finding = findingOf(cycleId, experimentId, { target });
  await stores.failures.saveDiscovered(cycleId, [finding], [], STAMP);
  const intervention = interventionOf(cycleId, finding.id);
  const simulation = simulationOf(cycleId, intervention.id);
  await stores.interventions.save(cycleId, [intervention], [simulation], STAMP);
  return { input, cycleId, designs, experimentId, runs, finding, intervention, simulation };
}
