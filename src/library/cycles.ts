import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Cycle, CycleResult as ApiResult, Simulation } from '../api/resources';
import { CYCLE_REQUEST_LIMITS, type CycleProgress, type CycleRequest } from '../domain/cycle';
import { DomainError } from '../domain/errors';
import { microOfUsd } from '../domain/money';
import type { CycleGateway } from '../ports/cycle-gateway';
import type { Records } from '../ports/records';

/** How long one question for the end of a cycle waits before it is asked again. */
const WAIT_MS = 60_000;
/** Between two questions, when Temporal cannot answer one. */
const PAUSE_MS = 250;

const within = ({ min, max, default: value }: { min: number; max: number; default: number }) =>
  z.int().min(min).max(max).default(value);

const RUNS = CYCLE_REQUEST_LIMITS.runsPerExperiment;

const Request = z.strictObject({
  focus: z.string().max(2_000).optional(),
  target: z.string().min(1).max(200).optional(),
  maxHypotheses: within(CYCLE_REQUEST_LIMITS.maxHypotheses),
  maxExperiments: within(CYCLE_REQUEST_LIMITS.maxExperiments),
  runsPerExperiment: z.int().min(RUNS.min).max(RUNS.max).optional(),
  replayPairs: z.union([z.literal('auto'), within(CYCLE_REQUEST_LIMITS.replayPairs)]),
  budgetUsd: z.number().min(0).max(1_000_000).optional(),
  regressions: z.boolean().default(false),
});

/** What to look for, and how hard. */
export interface ResearchRequest {
  /** Everything when absent. */
  readonly focus?: string;
  /** A configured target; the default one when absent. */
  readonly target?: string;
  /** 1–50, default 5. */
  readonly maxHypotheses?: number;
  /** Experiments per hypothesis, 1–20, default 3. */
  readonly maxExperiments?: number;
  /** 1–100, default 5; with `regressions`, the most runs of a known failure, default 100. */
  readonly runsPerExperiment?: number;
  /**
   * 5–500, default 30; five pairs can never show an effect. `auto`: as many as it takes to show a change that removes
   * 80 % of the failure, within the budget.
   */
  readonly replayPairs?: number | 'auto';
  /** The most the cycle may spend. */
  readonly budgetUsd?: number;
  /** Replays every known failure of the target and looks for nothing new; see `regressions` of the result. */
  readonly regressions?: boolean;
}

const Result = Cycle.extend({
  ...ApiResult.shape,
  simulations_count: z.int(),
  simulations: z.array(Simulation),
});

/** What a cycle came to, with its records: the members that `POST /research/cycle?wait=` answers. */
export type CycleResult = z.infer<typeof Result>;

/** A research cycle, which goes on whether or not anybody holds this. */
export interface CycleHandle {
  readonly id: string;
  readonly workflowId: string;
  progress(): Promise<CycleProgress>;
  /**
   * Waits for the end. A cycle that failed or was cancelled has a result too: `success` is false then, and `state` and
   * `error` say why.
   * @throws {DomainError} `not_ready` when its Tinman is closed meanwhile.
   */
  result(): Promise<CycleResult>;
  /** Lets it start nothing new. @throws {DomainError} `cycle_already_ended`. */
  pause(): Promise<void>;
  /** @throws {DomainError} `cycle_already_ended`. */
  resume(): Promise<void>;
  /** Asks it to end; it keeps its records and ends as cancelled. @throws {DomainError} `cycle_already_ended`. */
  cancel(): Promise<void>;
}

export interface CycleDeps {
  readonly cycles: CycleGateway;
  readonly records: Records;
  readonly defaultTarget: string;
  /** Aborted when the Tinman is closed. */
  readonly closing: AbortSignal;
}

/** @throws {RangeError} naming what is wrong with the request; {DomainError} `unknown_target`. */
export async function startCycle(deps: CycleDeps, request: ResearchRequest): Promise<CycleHandle> {
  const { cycleId, workflowId } = await deps.cycles.start(toCycleRequest(deps, request), 'library');
  return handleOf(deps, cycleId, workflowId);
}

/** @throws {DomainError} `not_found`. */
export async function findCycle(deps: CycleDeps, id: string): Promise<CycleHandle> {
  const { workflowId } = await progressOf(deps, id);
  return handleOf(deps, id, workflowId);
}

function toCycleRequest({ defaultTarget }: CycleDeps, request: ResearchRequest): CycleRequest {
  const parsed = Request.safeParse(request);
  if (!parsed.success) throw new RangeError(z.prettifyError(parsed.error));
  const { focus, target, budgetUsd, regressions, runsPerExperiment, ...amounts } = parsed.data;
  if (regressions && focus !== undefined)
    throw new RangeError('every known failure is replayed; leave out focus');
  return {
    ...amounts,
    runsPerExperiment: runsPerExperiment ?? (regressions ? RUNS.max : RUNS.default),
    ...(regressions ? { regressions } : {}),
    focus: focus ?? null,
    target: target ?? defaultTarget,
    budgetMicroUsd: budgetUsd === undefined ? null : microOfUsd(budgetUsd),
  };
}

function handleOf(deps: CycleDeps, id: string, workflowId: string): CycleHandle {
  return {
    id,
    workflowId,
    progress: () => progressOf(deps, id),
    result: async () => {
      await ended(deps, id);
      return Result.parse(await deps.records.result(id));
    },
    pause: () => deps.cycles.setPaused(id, true),
    resume: () => deps.cycles.setPaused(id, false),
    cancel: () => deps.cycles.cancel(id),
  };
}

async function progressOf({ records }: CycleDeps, id: string): Promise<CycleProgress> {
  const progress = await records.progress(id);
  if (progress === undefined) throw new DomainError('not_found', `there is no research cycle ${id}`);
  return progress;
}

async function ended({ cycles, closing }: CycleDeps, id: string): Promise<void> {
  const settled = new AbortController();
  const closed = new Promise<never>((_resolve, reject) => {
    const refuse = () => reject(new DomainError('not_ready', 'this Tinman is closed; the cycle is not lost'));
    if (closing.aborted) refuse();
    else closing.addEventListener('abort', refuse, { once: true, signal: settled.signal });
  });
  const wait = async (): Promise<void> => {
    while (!settled.signal.aborted && !(await cycles.waitForEnd(id, WAIT_MS, closing))) await sleep(PAUSE_MS);
  };
  try {
    await Promise.race([wait(), closed]);
  } finally {
    settled.abort();
  }
}
