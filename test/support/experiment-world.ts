import { createTraceUploadStore } from '../../src/persistence/trace-upload-store';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities';
import type { ActivityDeps } from '../../activities';
import type { StepInput } from '../../activities/contract';
import { loadRiskPolicy, DEFAULT_POLICY } from '../../src/config/risk-policy';
import { createDetectionEngines } from '../../src/detection/engines';
import type { ProposedAction } from '../../src/domain/approval';
import type { ChatReply, ChatRequest } from '../../src/domain/chat';
import type { ExperimentDesign, TestCase } from '../../src/domain/experiment';
import { recordId } from '../../src/persistence/record-id';
import type { Target } from '../../src/ports/target';
import { cycleInput, STAMP, startStores } from './stored-cycle';
import type { StoredWorld } from './stored-cycle';

/** Micro-dollars that a call costs: a token in, a token out. */
const PRICE = { inputUsdPerMtok: 1, outputUsdPerMtok: 1 };

const BREAKDOWN = 'the process broke down';

/** A target in this process: what it says, how long it takes, and what it was asked. */
export interface Played {
  readonly says: (request: ChatRequest) => string;
  readonly takesMs?: (request: ChatRequest) => number;
  /** The calls, counted from 1, at which the process breaks down. */
  readonly breaksAt?: ReadonlySet<number>;
}

/** The activities of experiments over a real database, and a target that is counted. */
export interface ExperimentWorld {
  readonly world: StoredWorld;
  readonly target: Target;
  /** A cycle with one experiment, of these cases and so many runs. */
  designed(cases: readonly TestCase[], runs: number, budgetMicroUsd?: number): Promise<Designed>;
  /** Runs an activity on what passed the gate, as the workflow does; tried again as often as the target breaks down. */
  run(
    name: 'runExperiment' | 'followUpFailure',
    step: PassedStep,
    played: Played,
  ): Promise<readonly ChatRequest[]>;
  readonly activities: ReturnType<typeof createActivities>;
  stop(): Promise<void>;
}

interface Designed {
  readonly cycleId: string;
  readonly experimentId: string;
}

interface PassedStep {
  readonly cycleId: string;
  readonly action: Omit<ProposedAction, 'approvalId'>;
}

export async function startExperimentWorld(changes: Partial<ActivityDeps> = {}): Promise<ExperimentWorld> {
  const world = await startStores();
  const policy = loadRiskPolicy(DEFAULT_POLICY);
  const asked: ChatRequest[] = [];
  let played: Played = { says: () => '' };
  const target = targetOf(() => played, asked);
  const activities = createActivities({ ...depsOf(world, target), policy: () => policy, ...changes });
  return {
    world,
    target,
    designed: (cases, runs, budgetMicroUsd) => designed(world, cases, runs, budgetMicroUsd),
    activities,
    async run(name, { cycleId, action }, next) {
      asked.length = 0;
      played = next;
      const approvalId = randomUUID();
      const origin = { cycleId, workflowId: `cycle-${cycleId}`, requestedBy: 'ana' };
      const [gate] = await activities.assessActions({
        origin,
        startMode: 'lab',
        actions: [{ ...action, approvalId }],
      });
      if (gate === undefined) throw new Error('there is a verdict for each action');
      const input: StepInput = { cycleId, subjectId: action.subjectId, gate, timeoutMs: 60_000 };
      for (;;) {
        try {
          await new MockActivityEnvironment().run(activities[name], input);
          return [...asked];
        } catch (error) {
          if (!String(error).includes(BREAKDOWN)) throw error;
        }
      }
    },
    stop: () => world.stop(),
  };
}

async function designed(
  { stores }: StoredWorld,
  cases: readonly TestCase[],
  runs: number,
  budgetMicroUsd: number | null = null,
): Promise<Designed> {
  const design: ExperimentDesign = {
    ...{ title: 'a test', failureType: 'logic_error', destructive: false, maxOutputTokens: 100 },
    ...{ cases, controls: [] },
  };
  const input = cycleInput();
  const { cycleId } = input;
  await stores.cycles.open({ ...input, request: { ...input.request, budgetMicroUsd } });
  const hypothesis = {
    ...{ id: recordId('hypothesis', cycleId, 0), targetSurface: 'chat', expectedFailure: 'x' },
    ...{ failureType: 'logic_error' as const, confidence: 0.5, priority: 1, rationale: 'x' },
  };
  await stores.hypotheses.save(cycleId, [hypothesis], STAMP);
  const id = recordId('experiment', hypothesis.id, 0);
  const cost = { runsRequested: runs, estimatedCostMicroUsd: 1_000 };
  await stores.experiments.saveDesigns(
    cycleId,
    [{ id, cycleId, hypothesisId: hypothesis.id, ordinal: 0, design, ...cost }],
    STAMP,
  );
  return { cycleId, experimentId: id };
}

function targetOf(playedNow: () => Played, asked: ChatRequest[]): Target {
  return {
    describe: {
      ...{ name: 'demo', kind: 'demo', description: '', model: 'demo-1', simulated: true, realTools: false },
      price: PRICE,
      configuration: {
        ...{ systemPrompt: '', maxOutputTokens: 100, inputGuardrails: [], outputGuardrails: [] },
        ...{ toolPolicies: [], retrieval: {} },
      },
    },
    async chat(request): Promise<ChatReply> {
      const { says, takesMs, breaksAt } = playedNow();
      asked.push(request);
      const number = asked.length;
      await sleep(takesMs?.(request) ?? 0);
      if (breaksAt?.has(number) === true) throw new Error(BREAKDOWN);
      const usage = { inputTokens: 10, outputTokens: 5 };
      return {
        ...{ content: says(request), toolCalls: [], finishReason: 'stop', usage },
        ...{ model: 'demo-1', latencyMs: 1 },
      };
    },
  };
}

/** No traces come into these worlds. */
const noTraces = ({ prisma }: StoredWorld): ActivityDeps['traces'] => ({
  uploads: createTraceUploadStore(prisma),
  intake: { receive: () => Promise.reject(new Error('not in this world')) },
  bufferMs: 1,
  replayCases: () => Promise.resolve([]),
});

function depsOf(world: StoredWorld, target: Target): Omit<ActivityDeps, 'policy'> {
  return {
    stores: world.stores,
    ledger: world.ledger,
    targets: { names: ['demo'], get: () => target },
    engines: createDetectionEngines(),
    draining: new AbortController().signal,
    settingsFor: () => ({
      ...{ maxParallel: 5, executionTimeoutMs: 60_000, costLimitMicroUsd: 10_000_000, followUpCalls: 20 },
      approvalTimeoutMs: { S0: 1, S1: 1, S2: 1, S3: 1, S4: 1 },
      approval: {
        onReview: 'wait',
        requireComment: false,
        notifyOnBlock: false,
        reminderAt: 0,
        escalateAt: 0,
      },
    }),
    traces: noTraces(world),
    watch: { watchMs: 1, watchReplays: 1 },
    worstCasePrice: PRICE,
    tools: {
      toolFor: () => {
        throw new Error('no tool is called');
      },
    },
    schedules: { admit: () => Promise.resolve(null) },
    migrationProblem: () => Promise.resolve(undefined),
    library: { families: [], version: 'none' },
    llm: undefined,
    maxAnswerTokens: 1_000,
    recordId,
    onModelCall: () => undefined,
  };
}
