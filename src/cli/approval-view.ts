import { z } from 'zod';
import type { Output } from './context';
import { writeRecord, type Row } from './table';
import { lines, oneLine } from './terminal-text';

const row = z.looseObject({});
const entry = z.looseObject({ at: z.string() });

/** What of an approval is laid out for people; the rest of it is shown as it comes. */
export const shownApproval = z.looseObject({
  id: z.string(),
  state: z.string(),
  action_type: z.string(),
  action_description: z.string(),
  severity: z.string(),
  mode: z.string(),
  estimated_cost_usd: z.number(),
  is_reversible: z.boolean(),
  rollback_plan: z.string(),
  affected_systems: z.array(z.string()),
  requested_by: z.string(),
  requester_agent: z.string(),
  workflow_id: z.string(),
  risk_reason: z.string().nullable(),
  deadline_at: z.string().nullable(),
  action: z.looseObject({ configuration: row.optional() }).nullable(),
  evidence: row.nullable(),
  decision: row.nullable(),
  reminders: z.array(z.looseObject({ kind: z.string(), at: z.string() })),
  refused_decisions: z.array(entry),
  refused_actions: z.array(entry),
  digest: z.object({
    asked: z.string(),
    matches: z.boolean(),
    policy_in_force: z.boolean(),
    problem: z.string().nullable(),
  }),
});
type ShownApproval = z.infer<typeof shownApproval>;

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const PLAIN = '\u001b[0m';

/** An approval for the person who decides; colours only on a terminal, and not where `NO_COLOR` is set. */
export function writeApproval(
  output: Output,
  approval: ShownApproval,
  env: Readonly<Record<string, string | undefined>>,
): void {
  writeSummary(output, approval);
  const { configuration, ...action } = approval.action ?? {};
  section(output, 'What will be done', approval.action === null ? null : action);
  if (configuration !== undefined) {
    const coloured = output.isTTY === true && (env['NO_COLOR'] ?? '') === '';
    writeConfiguration(output, configuration, coloured);
  }
  if (approval.evidence !== null) section(output, 'Evidence', approval.evidence);
  writeDigest(output, approval.digest);
  list(output, 'Sent before the deadline', approval.reminders);
  list(output, 'Refused decisions', approval.refused_decisions);
  list(output, 'Refused actions', approval.refused_actions);
  if (approval.decision !== null) section(output, 'Decision', approval.decision);
}

function writeSummary(output: Output, approval: ShownApproval): void {
  const { id, state, deadline_at: deadline, is_reversible: reversible } = approval;
  const until = state === 'pending' && deadline !== null ? ` until ${deadline}` : '';
  output.write(`${oneLine(id)}: ${oneLine(state)}${until}\n`);
  writeRecord(output, {
    action: `${approval.action_type}, severity ${approval.severity} in ${approval.mode} mode`,
    description: approval.action_description,
    why_a_person: approval.risk_reason,
    cost: `at most ${approval.estimated_cost_usd} USD`,
    affects: approval.affected_systems.join(', '),
    rollback: `${reversible ? '' : 'not reversible; '}${approval.rollback_plan}`,
    asked_for_by: `${approval.requested_by} (${approval.requester_agent}, ${approval.workflow_id})`,
  });
}

function section(output: Output, heading: string, content: Row | null): void {
  output.write(`\n${heading}\n`);
  if (content === null) output.write('  cannot be told any more\n');
  else writeRecord(output, content, '  ');
}

function list(output: Output, heading: string, items: readonly Row[]): void {
  if (items.length > 0) section(output, heading, Object.fromEntries([['entries', items]]));
}

/** What a patch changes, or the whole configuration where nothing is to be changed. */
function writeConfiguration(output: Output, { diff, before, after }: Row, coloured: boolean): void {
  const changes = typeof diff === 'string' && diff !== '';
  output.write(`\nConfiguration of the target${changes ? ': what changes' : ''}\n`);
  const document = changes ? diff : (after ?? before);
  for (const line of lines(typeof document === 'string' ? document.trimEnd() : '')) {
    output.write(`  ${coloured && changes ? painted(line) : line}\n`);
  }
}

function painted(line: string): string {
  const colour = line.startsWith('+') ? GREEN : line.startsWith('-') ? RED : '';
  return colour === '' ? line : `${colour}${line}${PLAIN}`;
}

function writeDigest(
  output: Output,
  { asked, matches, policy_in_force, problem }: ShownApproval['digest'],
): void {
  const verdict = matches
    ? 'what would be done now is what was asked for'
    : `what would be done now is NOT what was asked for${problem === null ? '' : `: ${oneLine(problem)}`}`;
  output.write(`\nDigest ${oneLine(asked)}: ${verdict}\n`);
  if (!policy_in_force) output.write('Another risk policy is in force now: it would be assessed anew.\n');
}
