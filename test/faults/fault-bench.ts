import { setTimeout as sleep } from 'node:timers/promises';
import { createDemoTarget } from '../../src/targets/demo';
import { ResearchClient, until } from '../e2e/research-client';
import { startStack, type Stack } from '../support/stack';
import { PRICE, startCountingTarget, type CountingTarget } from './counting-target';
import { deviations, wrongCalls, wrongMoney, type Undisturbed } from './cycle-check';
import { cycleFacts, ledgerSums, memorySize } from './cycle-facts';
import {
  FaultDice,
  KillAllowance,
  KILLS_ASKED,
  PHASE_GROUPS,
  type CallCounts,
  type Moment,
  type PhaseGroup,
} from './fault-plan';

/** Ends something and brings it back; tells what it was. */
export type Strike = (bench: FaultBench) => Promise<string>;

interface CampaignOptions {
  /** At least one kill in each group of phases, else one at all. */
  readonly everyGroup: boolean;
  /** So long it goes on with further kills; `--kills` says how many instead. */
  readonly shareMs: number;
  /** About how long a kill takes, with what it holds up. */
  readonly killMs: number;
  /** Of the kills that `--kills` asks for. */
  readonly part: number;
}

const LATENCY_MS = 70;
const MAX_PARALLEL = 2;
/** One for each cycle: a cycle has at least one kill. */
const TARGETS = 100 + KILLS_ASKED;
const REQUEST = { max_hypotheses: 3, max_experiments: 1, runs_per_experiment: 5, replay_pairs: 6 };
/** For all that a killed process holds up; the aim is 15 s. */
const RECOVERY_LIMIT_MS = 40_000;

/** A stack with a counting target, one undisturbed cycle, and others that are held against it. */
export class FaultBench {
  readonly dice = new FaultDice();
  private kills = 0;
  private undisturbed: (Undisturbed & { readonly calls: CallCounts }) | undefined;
  private targetsUsed = 0;

  private constructor(
    readonly stack: Stack,
    readonly client: ResearchClient,
    readonly target: CountingTarget,
  ) {
    say(`TINMAN_FAULT_SEED=${this.dice.seed}`);
  }

  /** Starts everything and runs the cycle that all others are held against. */
  static async start(): Promise<FaultBench> {
    const target = await startCountingTarget(LATENCY_MS);
    let stack: Stack | undefined;
    try {
      stack = await startStack({ postgres: 'own', settings: settingsFor(target.baseUrl) });
      const bench = new FaultBench(stack, await ResearchClient.at(stack.url), target);
      await bench.runUndisturbed();
      return bench;
    } catch (error) {
      await stack?.stop();
      await target.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    say(`${this.kills} kills`);
    await this.stack.stop();
    await this.target.close();
  }

  private async runUndisturbed(): Promise<void> {
    const before = await memorySize(this.stack);
    const model = this.nextTarget();
    const id = await this.startCycle(model);
    await this.hasEnded(id);
    const after = await memorySize(this.stack);
    const counted = this.target.counted(model);
    const [runs] = await this.stack.query<{ calls: number }>(
      `SELECT sum(jsonb_array_length(transcript -> 'calls'))::int AS calls FROM experiment_runs WHERE cycle_id = $1`,
      [id],
    );
    this.undisturbed = {
      facts: await cycleFacts(this.stack, id),
      memory: { nodes: after.nodes - before.nodes, edges: after.edges - before.edges },
      calls: { execution: runs?.calls ?? 0, all: counted.calls },
    };
    this.target.takeAsCourse(model);
    const cycle = { id, counted, kills: 0 };
    const wrong = [
      ...(await wrongCalls(this.stack, cycle)),
      ...(await wrongMoney(this.stack, cycle, MAX_PARALLEL)),
    ];
    if (wrong.length > 0) throw this.problem(`the undisturbed cycle is wrong: ${wrong.join('; ')}`);
  }

  /** Kills as the clock or `--kills` allows, until something is wrong. */
  async campaign(
    strike: Strike,
    { everyGroup, shareMs, killMs, part }: CampaignOptions,
  ): Promise<readonly string[]> {
    const allowance = new KillAllowance(shareMs, part);
    const killsBefore = this.kills;
    const any = (): Moment => this.moment(this.dice.pick(PHASE_GROUPS));
    let moments = everyGroup ? PHASE_GROUPS.map((group) => this.moment(group)) : [any()];
    while (moments.length > 0) {
      const { wrong, missed } = await this.disturb(moments, strike, { repeatsEach: 1 });
      if (wrong.length > 0) return wrong;
      const another = allowance.allows(this.kills - killsBefore, killMs);
      moments = missed.length === 0 && another ? [any()] : missed;
    }
    return [];
  }

  /** A cycle in which something is ended in order, in the middle of the phases that call the target. */
  async interrupt(strike: Strike): Promise<readonly string[]> {
    const moments = [this.moment('execution'), this.moment('simulation')];
    return (await this.disturb(moments, strike, { repeatsEach: 0 })).wrong;
  }

  /**
   * A cycle in which something is struck at each of these moments; those that passed meanwhile are missed. A strike may
   * let each call be repeated so often.
   */
  private async disturb(
    moments: readonly Moment[],
    strike: Strike,
    { repeatsEach }: { readonly repeatsEach: 0 | 1 },
  ): Promise<{ readonly wrong: readonly string[]; readonly missed: Moment[] }> {
    const memoryBefore = await memorySize(this.stack);
    const model = this.nextTarget();
    const id = await this.startCycle(model);
    const missed: Moment[] = [];
    let strikes = 0;
    for (const moment of moments.toSorted((a, b) => a.call - b.call)) {
      if (strikes > 0 && this.target.progress(model, moment.at) > moment.call + PASSED) {
        missed.push(moment);
        continue;
      }
      const reached = this.target.reached(model, moment.call, moment.at);
      await this.within(reached, `call ${moment.call} of ${model} never came`);
      await sleep(moment.delayMs);
      strikes += 1;
      this.kills += repeatsEach;
      await this.struck(id, model, moment, strike);
    }
    await this.hasEnded(id);
    const cycle = { id, counted: this.target.counted(model), kills: strikes * repeatsEach, memoryBefore };
    const { unknown } = await ledgerSums(this.stack, id);
    say(`cycle ended after ${strikes} strikes with ${unknown} unknown bills`);
    return { wrong: await deviations(this.stack, cycle, this.known(), MAX_PARALLEL), missed };
  }

  /** Strikes, and waits until the cycle goes on. */
  private async struck(id: string, model: string, moment: Moment, strike: Strike): Promise<void> {
    const { calls } = this.target.counted(model);
    const victim = await strike(this);
    const backAt = Date.now();
    const { phase = 'unreadable' } = await this.cycleRow(id);
    const meanwhile = this.target.counted(model).calls - calls;
    const goesOn = Promise.race([this.target.nextCall(model), this.hasEnded(id)]);
    await this.within(goesOn, `cycle ${id} did not go on`);
    const { call, at, delayMs, group } = moment;
    say(
      `killed ${victim} in ${group} (now ${phase}), ${delayMs} ms after call ${call} was ${at}; ` +
        `${meanwhile} calls meanwhile; went on ${Date.now() - backAt} ms after its return`,
    );
  }

  startCycle(model: string, request: object = {}): Promise<string> {
    return this.client.start({ ...REQUEST, ...request, target: model });
  }

  /** The name of a target, and of its model, that no cycle has had. */
  nextTarget(): string {
    this.targetsUsed += 1;
    return targetName(this.targetsUsed);
  }

  /** Waits for the end, as the database and then the API tell it. */
  async hasEnded(id: string): Promise<void> {
    const ended = (state: string | undefined): boolean => state !== undefined && state !== 'running';
    const told = async () => (await this.client.cycle(id).catch(() => undefined))?.state;
    try {
      await until(async () => (await this.cycleRow(id)).state, ended, 60_000);
      await until(told, ended, RECOVERY_LIMIT_MS);
    } catch (error) {
      throw this.problem(String(error));
    }
  }

  async within<T>(work: Promise<T>, otherwise: string): Promise<T> {
    const stop = new AbortController();
    const tooLate = sleep(RECOVERY_LIMIT_MS, undefined, { signal: stop.signal }).then(() => {
      throw this.problem(otherwise);
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      stop.abort();
    }
  }

  private moment(group: PhaseGroup): Moment {
    return this.dice.moment(group, this.known().calls);
  }

  private known(): Undisturbed & { readonly calls: CallCounts } {
    if (this.undisturbed === undefined) throw new Error('no undisturbed cycle has run');
    return this.undisturbed;
  }

  /** The row of a cycle, whether or not the database is there at this very moment; empty when it is not. */
  private async cycleRow(id: string): Promise<{ readonly state?: string; readonly phase?: string }> {
    const sql = 'SELECT state, phase FROM research_cycles WHERE id = $1';
    const rows = await this.stack.query<{ state: string; phase: string }>(sql, [id]).catch(() => []);
    return rows[0] ?? {};
  }

  private problem(text: string): Error {
    return new Error(`${text}; TINMAN_FAULT_SEED=${this.dice.seed}\n${this.stack.logs().slice(-8_000)}`);
  }
}

/** A cycle that has gone so many calls past a moment has missed it. */
const PASSED = 8;

function settingsFor(baseUrl: string): Readonly<Record<string, unknown>> {
  const { systemPrompt } = createDemoTarget().describe.configuration;
  const target = { kind: 'openai', base_url: baseUrl, price: PRICE, system_prompt: systemPrompt };
  const names = Array.from({ length: TARGETS }, (_, index) => targetName(index + 1));
  return {
    experiments: { max_parallel: MAX_PARALLEL },
    cost: { budget_usd: 1_000_000 },
    // Each cycle has a target of its own, so that it knows nothing of the cycles before it.
    targets: Object.fromEntries(names.map((name) => [name, { ...target, model: name }])),
  };
}

function targetName(number: number): string {
  return `target-${number}`;
}

/** Past jest, which would put a stack trace beside each line. */
export function say(line: string): void {
  process.stderr.write(`faults: ${line}\n`);
}
