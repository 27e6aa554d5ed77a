import type { FailureCase } from '../researcher';
import type { MemorySnapshot } from '../../domain/memory';
import type { TargetDescription } from '../../domain/target';
import type { ChatMessage } from '../../domain/chat';
import type { Transcript } from '../../domain/experiment';
import { excerpt, fenced } from './fence';

const MAX_HISTORY = 30;
const MAX_KNOWN_FAILURES = 40;
const MAX_TRACE_FAILURES = 20;
const MAX_MESSAGES = 24;

/** The target as the researcher may know it. */
export function targetText(target: TargetDescription): string {
  const { name, kind, model, description, configuration, tools = [] } = target;
  const { systemPrompt, maxOutputTokens, temperature, retrieval } = configuration;
  const settings = JSON.stringify({ maxOutputTokens, temperature, retrieval });
  const rules = JSON.stringify({
    inputGuardrails: configuration.inputGuardrails,
    outputGuardrails: configuration.outputGuardrails,
    toolPolicies: configuration.toolPolicies,
  });
  return [
    fenced('target', `${name} (${kind}, model ${model}): ${description}\nsettings ${settings}`, 3_000),
    fenced('target system prompt', systemPrompt === '' ? '(none)' : systemPrompt, 8_000),
    fenced('target rules', rules, 4_000),
    ...(tools.length === 0 ? [] : [fenced('target tools', JSON.stringify(tools), 12_000)]),
  ].join('\n');
}

/** What earlier cycles found, held and left open. */
export function memoryText(memory: MemorySnapshot): string {
  return [testedText(memory), productionText(memory)].filter((text) => text !== '').join('\n');
}

function productionText({ traceFailures = [] }: MemorySnapshot): string {
  if (traceFailures.length === 0) return '';
  const seen = traceFailures
    .slice(0, MAX_TRACE_FAILURES)
    .map(
      ({ failureType, severity, trigger, share, traceIds }) =>
        `${failureType} (${severity}): ${excerpt(trigger, 160)}; in ${share.count} of ${share.n} traces, as in ${traceIds[0] ?? ''}`,
    );
  return fenced('seen in production traces, to be verified first', seen.join('\n'), 4_000);
}

function testedText({ history, knownFailures }: MemorySnapshot): string {
  if (history.length === 0) return 'Nothing was tested on this target before.';
  const tested = history
    .slice(0, MAX_HISTORY)
    .map(
      ({ failureType, experiments, failedRuns, assessedRuns }) =>
        `${failureType}: ${failedRuns} of ${assessedRuns} assessed runs failed in ${experiments} experiments`,
    );
  const known = knownFailures
    .slice(0, MAX_KNOWN_FAILURES)
    .map(({ failureType, trigger, state }) => `${failureType} (${state}): ${excerpt(trigger, 160)}`);
  return [
    fenced('tested before', tested.join('\n'), 4_000),
    fenced('known failures', known.length === 0 ? '(none)' : known.join('\n'), 8_000),
  ].join('\n');
}

/** A cluster of failed runs, with one of them in full or shortened. */
export function failureText(failure: FailureCase): string {
  const { failureType, trigger, failedRuns, assessedRuns, example, target } = failure;
  return [
    targetText(target),
    `Failure: ${failureType}, in ${failedRuns} of ${assessedRuns} assessed runs.`,
    fenced('trigger', trigger, 400),
    fenced('transcript of one failed run', transcriptText(example), 40_000),
  ].join('\n');
}

function transcriptText({ messages }: Transcript): string {
  const lines = messages.map((message, index) => `[${index}] ${messageText(message)}`);
  if (lines.length <= MAX_MESSAGES) return lines.join('\n');
  const half = MAX_MESSAGES / 2;
  const leftOut = `[…${lines.length - MAX_MESSAGES} messages left out…]`;
  return [...lines.slice(0, half), leftOut, ...lines.slice(-half)].join('\n');
}

function messageText(message: ChatMessage): string {
  const said = `${message.role}: ${excerpt(message.content, 1_500)}`;
  if (message.role !== 'assistant' || message.toolCalls === undefined) return said;
  const calls = message.toolCalls.map((call) => `${call.name}(${excerpt(call.arguments, 500)})`);
  return [said, ...calls].join('\n  calls ');
}
