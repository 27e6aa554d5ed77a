import type { GuardedReply, JudgedCall } from '../domain/guarded-exchange';
import type { Patch } from '../domain/intervention';
import type { GuardEvent, LiveIntervention } from './guard-options';
import type { RequestPlan } from './request-plan';

type Event = Omit<GuardEvent, 'enforced'>;

/** What a plan changes of its request. */
export function requestEvents({ seen, sent, answer, interventions }: RequestPlan): readonly Event[] {
  const by = (wanted: (patch: Patch) => boolean) => idsOf(interventions, wanted);
  if (answer !== undefined) {
    return [
      event(
        'input_blocked',
        'what the user says now is answered without the model',
        by(blocks('input', answer)),
      ),
    ];
  }
  const redacted = seen.messages.filter(({ texts }, index) => differ(texts, sent.texts[index])).length;
  const parameters = (['temperature', 'maxOutputTokens'] as const).filter(
    (name) => seen[name] !== sent[name],
  );
  const changes = parameters.map((name) => `${name} from ${seen[name] ?? 'none'} to ${sent[name] ?? 'none'}`);
  return [
    ...(seen.systemPrompt === sent.systemPrompt
      ? []
      : [
          event(
            'prompt_changed',
            'the system prompt is added to',
            by(({ type }) => type === 'prompt_patch'),
          ),
        ]),
    ...(changes.length === 0
      ? []
      : [
          event(
            'parameters_changed',
            changes.join(', '),
            by(({ type }) => type === 'parameter_change'),
          ),
        ]),
    ...(redacted === 0
      ? []
      : [
          event('input_redacted', `in ${redacted} of ${seen.messages.length} messages`, by(redacts('input'))),
        ]),
  ];
}

/** What output guardrails change of an answer. */
export function replyEvents(
  { interventions }: RequestPlan,
  before: string,
  { text, blocked }: GuardedReply,
): readonly Event[] {
  if (blocked) {
    const ids = idsOf(interventions, blocks('output', text));
    return [event('output_blocked', 'another text stands in for the answer', ids)];
  }
  if (text === before) return [];
  return [event('output_redacted', 'in the answer', idsOf(interventions, redacts('output')))];
}

export function denialEvent(interventions: readonly LiveIntervention[], { call, denial }: JudgedCall): Event {
  const ids = idsOf(interventions, (patch) => patch.type === 'tool_policy' && patch.rule.message === denial);
  return event('tool_denied', `the call of ${call.name}`, ids);
}

export function event(
  kind: GuardEvent['kind'],
  detail: string,
  interventionIds: readonly string[] = [],
): Event {
  return { kind, detail, interventionIds };
}

export function idsOf(
  interventions: readonly LiveIntervention[],
  wanted: (patch: Patch) => boolean,
): readonly string[] {
  return interventions.filter(({ patch }) => wanted(patch)).map(({ interventionId }) => interventionId);
}

/** A turn left out was blocked when it was said, which was told then. */
function differ(before: readonly string[], after: readonly string[] | null | undefined): boolean {
  return after !== null && after !== undefined && before.some((text, index) => text !== after[index]);
}

function blocks(side: 'input' | 'output', replacement: string): (patch: Patch) => boolean {
  return (patch) =>
    patch.type === 'guardrail' &&
    patch.side === side &&
    patch.rule.action === 'block' &&
    patch.rule.replacement === replacement;
}

function redacts(side: 'input' | 'output'): (patch: Patch) => boolean {
  return (patch) => patch.type === 'guardrail' && patch.side === side && patch.rule.action === 'redact';
}
