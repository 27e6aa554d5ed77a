import { createDetectionEngines } from '../detection/engines';
import { DomainError } from '../domain/errors';
import type { PlantedDocument } from '../domain/experiment';
import { guardReply, type GuardedReply, type JudgedCall } from '../domain/guarded-exchange';
import { applyInterventions } from '../domain/intervention';
import { withDocuments } from '../domain/shown-documents';
import type { RetrievalSettings } from '../domain/target';
import { getLogger } from '../observability/logger';
import type { ClientDialect, SeenAnswer } from './dialect';
import type { GuardEvent, GuardOptions, HookVerdict, LiveIntervention } from './guard-options';
import { denialEvent, event, idsOf, replyEvents, requestEvents } from './request-events';
import { asConfigured, planRequest, withinTokens, type RequestPlan } from './request-plan';

type Event = Omit<GuardEvent, 'enforced'>;

/** A tool call that came through a guard, with what was in force when it did. */
interface KnownCall extends JudgedCall {
  readonly interventions: readonly LiveIntervention[];
}

const NOTHING_ASKED = { systemPrompt: '', messages: [], tools: [], streamed: false };

/**
 * Has interventions in force in an application, by the code that replays prove them with: see `guardOpenAI`,
 * `guardAnthropic` and `guardChat`.
 */
export class Guard {
  private readonly engines = createDetectionEngines();
  private readonly calls = new WeakMap<object, KnownCall>();
  private readonly report: (event: GuardEvent) => void;

  /** @throws {RangeError} for a token limit that is none. */
  constructor(private readonly options: GuardOptions) {
    const { tokenLimit = 1 } = options;
    if (!Number.isInteger(tokenLimit) || tokenLimit < 1) {
      throw new RangeError('tokenLimit must be a whole number from 1');
    }
    this.report = options.report ?? logged;
  }

  /**
   * One request of an application with its reply. In `shadow` the request is made as it is.
   * @throws what `call` throws; in `production` also what a hook throws, and {DomainError} `action_blocked` for a request
   * over the token limit or a stream whose answer would have to be judged, `invalid_experiment` for a text that guardrails
   * cannot search.
   */
  async exchange<Params, Reply>(
    dialect: ClientDialect<Params, Reply>,
    params: Params,
    call: (params: Params) => PromiseLike<Reply>,
  ): Promise<Reply> {
    const plan = await this.attempt(() => this.plan(dialect, params));
    if (plan === undefined) return call(params);
    const { seen, sent, answer } = plan;
    if (answer !== undefined) return this.enforces ? dialect.standIn(params, answer) : call(params);
    const reply = await call(this.enforces ? dialect.write(params, seen, sent) : params);
    if (seen.streamed) return reply;
    const judged = await this.attempt(() => this.judge(dialect, reply, plan));
    return this.enforces && judged !== undefined ? judged : reply;
  }

  /**
   * Runs a tool for a call of a reply that came through this guard, and answers its result: what is denied is not run, and
   * the message of the policy is its result.
   * @param call the very object of the reply.
   * @throws what `run` throws; in `production` also what a hook throws, and {DomainError} `invalid_arguments` for a call
   * that did not come through this guard.
   */
  async runTool(call: object, run: () => string | Promise<string>): Promise<string> {
    const known = this.calls.get(call);
    const { beforeTool, afterTool } = this.options.hooks ?? {};
    if (known === undefined) {
      if (this.enforces) {
        throw new DomainError(
          'invalid_arguments',
          'this tool call is not of a reply that came through the guard',
        );
      }
      this.tell(event('not_guarded', 'a tool call that did not come through the guard'));
      return run();
    }
    if (known.denial !== undefined) this.tell(denialEvent(known.interventions, known));
    const refused =
      known.denial ??
      (await this.attempt(async () => this.refusal('beforeTool', await beforeTool?.(known.call))));
    if (refused !== undefined && this.enforces) return refused;
    const result = await run();
    const withheld = await this.attempt(async () =>
      this.refusal('afterTool', await afterTool?.(known.call, result)),
    );
    return this.enforces ? (withheld ?? result) : result;
  }

  /** What the user says with retrieved documents in front of it, as the interventions on retrieval have it. */
  withDocuments(
    said: string,
    documents: readonly PlantedDocument[],
    settings: RetrievalSettings = {},
  ): string {
    const asked = withDocuments(said, documents, settings);
    const base = { ...asConfigured(NOTHING_ASKED), retrieval: settings };
    const inForce = this.inForce();
    const guarded = withDocuments(said, documents, applyInterventions(base, inForce).retrieval);
    if (guarded !== asked) {
      const ids = idsOf(inForce, ({ type }) => type === 'retrieval_change');
      this.tell(event('documents_changed', 'how documents are shown', ids));
    }
    return this.enforces ? guarded : asked;
  }

  private get enforces(): boolean {
    return this.options.mode === 'production';
  }

  private inForce(): readonly LiveIntervention[] {
    const { interventions = [] } = this.options;
    return 'current' in interventions ? interventions.current() : interventions;
  }

  private tell(told: Event): void {
    this.report({ ...told, enforced: this.enforces });
  }

  /** In `shadow`, nothing of the guard's own may stop the application. */
  private async attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (this.enforces) throw error;
      this.tell(event('guard_failed', error instanceof Error ? error.message : String(error)));
      return undefined;
    }
  }

  private async plan<Params>(
    dialect: Pick<ClientDialect<Params, never>, 'read'>,
    params: Params,
  ): Promise<RequestPlan> {
    const planned = planRequest(dialect.read(params), this.inForce(), this.engines.match);
    const plan = planned.answer === undefined ? this.limited(planned) : planned;
    for (const told of requestEvents(plan)) this.tell(told);
    if (plan.answer !== undefined) return plan;
    if (plan.seen.streamed && this.judgesAnswers(plan)) this.refuseStream();
    const { texts, ...sent } = plan.sent;
    const said = { ...sent, tools: plan.seen.tools, texts: texts.flatMap((each) => each ?? []) };
    const verdict = await this.options.hooks?.beforeRequest?.(said);
    const refused = this.refusal('beforeRequest', verdict);
    return refused === undefined ? plan : { ...plan, answer: refused };
  }

  private refuseStream(): void {
    this.tell(event('not_guarded', 'the answer is a stream'));
    if (!this.enforces) return;
    throw new DomainError('action_blocked', 'an answer that is to be judged cannot be a stream');
  }

  private limited(plan: RequestPlan): RequestPlan {
    const { tokenLimit } = this.options;
    if (tokenLimit === undefined) return plan;
    const within = withinTokens(plan, tokenLimit);
    if (within !== undefined) return within;
    this.tell(event('over_token_limit', `the input takes all of ${tokenLimit} tokens`));
    if (!this.enforces) return plan;
    throw new DomainError(
      'action_blocked',
      `the input of a request takes all of the ${tokenLimit} tokens that it may have`,
    );
  }

  private judgesAnswers({ configuration }: RequestPlan): boolean {
    const { afterRequest, beforeTool, afterTool } = this.options.hooks ?? {};
    const hooked = [afterRequest, beforeTool, afterTool].some((hook) => hook !== undefined);
    return hooked || configuration.outputGuardrails.length > 0 || configuration.toolPolicies.length > 0;
  }

  private async judge<Reply>(
    dialect: Pick<ClientDialect<never, Reply>, 'answersOf' | 'rewrite'>,
    reply: Reply,
    plan: RequestPlan,
  ): Promise<Reply> {
    const before = dialect.answersOf(reply);
    const after: GuardedReply[] = [];
    for (const answer of before) after.push(await this.judgeAnswer(answer, plan));
    const differs = after.some(({ text, blocked }, index) => blocked || text !== before[index]?.content);
    const judged = this.enforces && differs ? dialect.rewrite(reply, after) : reply;
    // The calls that the application will see are those of the reply it gets.
    for (const [index, { toolCalls }] of dialect.answersOf(judged).entries()) {
      for (const [at, { handle, call }] of toolCalls.entries()) {
        const known = after[index]?.toolCalls[at] ?? { call };
        this.calls.set(handle, { ...known, interventions: plan.interventions });
      }
    }
    return judged;
  }

  private async judgeAnswer({ content, toolCalls }: SeenAnswer, plan: RequestPlan): Promise<GuardedReply> {
    const { configuration, history, seen } = plan;
    const said = { content, toolCalls: toolCalls.map(({ call }) => call) };
    const guarded = guardReply(configuration, said, { history, tools: seen.tools }, this.engines);
    for (const told of replyEvents(plan, content, guarded)) this.tell(told);
    if (guarded.blocked) return guarded;
    const calls = guarded.toolCalls.map(({ call }) => call);
    const verdict = await this.options.hooks?.afterRequest?.({ text: guarded.text, toolCalls: calls });
    const refused = this.refusal('afterRequest', verdict);
    return refused === undefined ? guarded : { text: refused, blocked: true, toolCalls: [] };
  }

  private refusal(hook: string, verdict: HookVerdict): string | undefined {
    if (typeof verdict !== 'string') return undefined;
    this.tell(event('refused_by_hook', hook));
    return verdict;
  }
}

function logged({ kind, ...fields }: GuardEvent): void {
  getLogger('guard').info({ kind, ...fields }, fields.enforced ? 'guarded' : 'would have guarded');
}
