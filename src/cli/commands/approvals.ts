import type { Command } from 'commander';
import { z } from 'zod';
import { shownApproval, writeApproval } from '../approval-view';
import type { CliContext, GlobalOptions } from '../context';
import { currentUser } from '../current-user';
import { apiClient } from '../settings';
import { show } from '../show';
import { addListCommand, writeRows } from './records';

const pendingSchema = z.looseObject({ count: z.number(), approvals: z.array(z.looseObject({})) });
const decisionSchema = z.looseObject({ state: z.string() });

interface DecideOptions extends GlobalOptions {
  readonly by: string;
  readonly reason?: string;
}

/** `tinman approvals …`: what waits for a person, and deciding it. */
export function addApprovalCommands(program: Command, context: CliContext): void {
  const approvals = program.command('approvals').description('see and decide what waits for a person');
  approvals
    .command('pending', { isDefault: true })
    .description('list what waits for a decision (the default)')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const pending = await apiClient(context, options).call('/approvals/pending', pendingSchema);
      show(context, options, pending, () => writeRows(context, 'approvals', pending.approvals));
    });
  addListCommand(approvals, context, 'approvals', [
    'state',
    'severity',
    'mode',
    'action_type',
    'requested_by',
    'workflow_id',
  ]);
  approvals
    .command('show')
    .argument('<id>', 'id of the approval')
    .description('show exactly what will be done, what speaks for it, and what was decided')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const path = `/approvals/${encodeURIComponent(id)}`;
      const approval = await apiClient(context, options).call(path, shownApproval);
      show(context, options, approval, () => writeApproval(context.stdout, approval, context.env));
    });
  addDecide(approvals, context, 'approve', 'approved');
  addDecide(approvals, context, 'reject', 'rejected');
}

function addDecide(
  approvals: Command,
  context: CliContext,
  verb: 'approve' | 'reject',
  decision: 'approved' | 'rejected',
): void {
  approvals
    .command(verb)
    .argument('<id>', 'id of the approval')
    .description(`${verb} an action; answers once the waiting workflow has taken the decision`)
    .option('--by <name>', 'who decides', currentUser())
    .option('--reason <text>', 'why')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DecideOptions>();
      const path = `/approvals/${encodeURIComponent(id)}/decide`;
      const standing = await apiClient(context, options).call(path, decisionSchema, {
        method: 'POST',
        body: { decision, decided_by: options.by, reason: options.reason },
      });
      show(context, options, standing, () => context.stdout.write(`Approval ${id} is ${standing.state}.\n`));
    });
}
