import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ApiClient, type Answer } from '../api/api-client';

const record = z.looseObject({ id: z.string() });
const rate = z.object({
  value: z.number().nullable(),
  n: z.number(),
  count: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

const Evidence = z.object({
  messageIndex: z.number().optional(),
  quote: z.string(),
  explanation: z.string(),
});
export type Evidence = z.infer<typeof Evidence>;

const Experiment = record.extend({
  failure_type: z.string(),
  title: z.string(),
  state: z.string(),
  skip_reason: z.string().nullable(),
  detail: z.string().nullable(),
  mode: z.string().nullable(),
  runs_requested: z.number(),
  runs_permitted: z.number().nullable(),
  outcomes: z.object({ failed: z.number(), held: z.number(), unassessed: z.number() }),
  failure_rate: rate,
});
export type Experiment = z.infer<typeof Experiment>;

const Failure = record.extend({
  failure_class: z.string(),
  failure_type: z.string(),
  severity: z.string(),
  severity_reason: z.string(),
  trigger: z.string(),
  trigger_signature: z.string(),
  root_cause: z.string(),
  novelty: z.string(),
  previous_failure_id: z.string().nullable(),
  state: z.string(),
  evidence: z.array(Evidence),
  reproducibility: rate,
});
export type Failure = z.infer<typeof Failure>;

const Hypothesis = record.extend({ failure_class: z.string(), failure_type: z.string() });
const Intervention = record.extend({ failure_id: z.string(), type: z.string() });

const Result = z.looseObject({
  id: z.string(),
  workflow_id: z.string(),
  state: z.string(),
  phase: z.string(),
  success: z.boolean(),
  hypotheses_count: z.number(),
  experiments_count: z.number(),
  failures_count: z.number(),
  interventions_count: z.number(),
  hypotheses: z.array(Hypothesis),
  experiments: z.array(Experiment),
  failures: z.array(Failure),
  interventions: z.array(Intervention),
  error: z.string().nullable(),
});
export type Result = z.infer<typeof Result>;

const Progress = z.object({
  state: z.string(),
  paused: z.boolean(),
  phase: z.string(),
  experiments_done: z.number(),
  experiments_total: z.number(),
  runs_done: z.number(),
  failures: z.number(),
  simulations: z.number(),
  pending_approvals: z.number(),
  spent_usd: z.number(),
  held_usd: z.number(),
});
const Cycle = record.extend({
  workflow_id: z.string(),
  state: z.string(),
  error: z.string().nullable(),
  progress: Progress,
  result: Result.nullable(),
});
export type Cycle = z.infer<typeof Cycle>;

const Run = z.looseObject({
  id: z.string(),
  ordinal: z.number(),
  outcome: z.string(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  evidence: z.array(Evidence),
  transcript: z.looseObject({
    messages: z.array(z.looseObject({ role: z.string(), content: z.string() })),
    calls: z.array(z.looseObject({})),
  }),
});
export type Run = z.infer<typeof Run>;
const ExperimentDetail = Experiment.extend({ runs: z.array(Run) });

const Approval = record.extend({
  action_type: z.string(),
  action_description: z.string(),
  subject_id: z.string(),
  risk_tier: z.string(),
  severity: z.string(),
  estimated_cost_usd: z.number(),
  affected_systems: z.array(z.string()),
  is_reversible: z.boolean(),
  rollback_plan: z.string(),
  requester_agent: z.string(),
  created_at: z.string(),
  timeout_seconds: z.number().nullable(),
  workflow_id: z.string(),
  action_digest: z.string(),
});
export type Approval = z.infer<typeof Approval>;

/** The least that an experiment can be asked for. */
export const SMALL = { max_hypotheses: 1, max_experiments: 1, runs_per_experiment: 4, replay_pairs: 5 };

/** What an operator does over HTTP; every answer is held against the API's own document. */
export class ResearchClient {
  private constructor(readonly api: ApiClient) {}

  /** `key` is sent with every request. */
  static async at(url: string, key?: string): Promise<ResearchClient> {
    return new ResearchClient(await ApiClient.at(url, key));
  }

  /** Starts a cycle and waits for its result. */
  async run(body: object): Promise<Result> {
    const answer = await this.api.post('/research/cycle?wait=60', body);
    if (answer.status !== 200) throw new Error(`the cycle ended with ${JSON.stringify(answer)}`);
    return Result.parse(answer.body);
  }

  /** Starts a cycle and returns its id at once. */
  async start(body: object, headers: Record<string, string> = {}): Promise<string> {
    const answer = await this.api.post('/research/cycle', body, headers);
    if (answer.status !== 202) throw new Error(`the cycle was not started: ${JSON.stringify(answer)}`);
    return record.parse(answer.body).id;
  }

  async cycle(id: string): Promise<Cycle> {
    return Cycle.parse(await this.get(`/research/cycles/${id}`));
  }

  /** The cycle once it has ended. */
  ended(id: string, withinMs = 40_000): Promise<Cycle> {
    return until(
      () => this.cycle(id),
      ({ state }) => state !== 'running',
      withinMs,
    );
  }

  async experiment(id: string) {
    return ExperimentDetail.parse(await this.get(`/experiments/${id}`));
  }

  async experimentsOf(cycleId: string): Promise<readonly Experiment[]> {
    return z.array(Experiment).parse(await this.list(`/experiments?cycle_id=${cycleId}`));
  }

  async failure(id: string): Promise<Failure> {
    return Failure.parse(await this.get(`/failures/${id}`));
  }

  /** What waits for a person, once it is so many for a cycle. */
  pending(workflowId: string, count: number): Promise<readonly Approval[]> {
    const schema = z.object({ count: z.number(), approvals: z.array(Approval) });
    const ofCycle = async () =>
      schema
        .parse(await this.get('/approvals/pending'))
        .approvals.filter((each) => each.workflow_id === workflowId);
    return until(ofCycle, (found) => found.length === count);
  }

  decide(approvalId: string, decision: string, decidedBy = 'ana', reason = 'looked at it'): Promise<Answer> {
    return this.api.post(`/approvals/${approvalId}/decide`, { decision, decided_by: decidedBy, reason });
  }

  async get(path: string): Promise<unknown> {
    const answer = await this.api.get(path);
    if (answer.status !== 200)
      throw new Error(`GET ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** All records of a list, page by page. */
  async list(path: string, limit = 200): Promise<readonly z.infer<typeof record>[]> {
    const page = z.object({ items: z.array(record), next_cursor: z.string().nullable() });
    const items: z.infer<typeof record>[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const separator = path.includes('?') ? '&' : '?';
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const found = page.parse(await this.get(`${path}${separator}limit=${limit}${from}`));
      if (found.items.length > limit) throw new Error(`${path}: a page of ${found.items.length}`);
      items.push(...found.items);
      cursor = found.next_cursor;
    }
    return items;
  }
}

/** Looks again and again until what it sees is as wanted. */
export async function until<T>(
  look: () => Promise<T>,
  wanted: (seen: T) => boolean,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    if (Date.now() > deadline) {
      throw new Error(`not so within ${withinMs} ms; last seen: ${JSON.stringify(seen)?.slice(0, 2_000)}`);
    }
    await sleep(50);
  }
}
