import { Option, type Command } from 'commander';
import { z } from 'zod';
import { CHANNELS } from '../../domain/deployment';
import type { CliContext, GlobalOptions } from '../context';
import { apiClient } from '../settings';
import { show } from '../show';

const deploying = z.looseObject({ deployment_id: z.string(), approval_id: z.string().nullable() });
const rolledBack = z.looseObject({
  deployments: z.array(
    z.looseObject({ deployment_id: z.string(), channel: z.string(), changed: z.boolean() }),
  ),
});

/** `tinman interventions deploy|rollback`, beside `list` and `show`. */
export function addDeploymentCommands(interventions: Command, context: CliContext): void {
  addDeploy(interventions, context);
  addRollback(interventions, context);
}

function addDeploy(interventions: Command, context: CliContext): void {
  interventions
    .command('deploy')
    .argument('<id>', 'id of the intervention')
    .description('ask for an intervention to go live; it does when a person approves')
    .addOption(
      new Option('--channel <name>', 'where applications poll for it').choices(CHANNELS).default('shadow'),
    )
    .option('--override-reason <text>', 'why, without a current verdict improved; for admins')
    .action(async (id: string, _options: unknown, self: Command) => {
      const options = self.optsWithGlobals<
        GlobalOptions & { readonly channel: string; readonly overrideReason?: string }
      >();
      const asked = await apiClient(context, options).call(
        `/interventions/${encodeURIComponent(id)}/deploy`,
        deploying,
        {
          method: 'POST',
          body: { channel: options.channel, override_reason: options.overrideReason },
        },
      );
      const { deployment_id: deployment, approval_id: approval } = asked;
      show(context, options, asked, () => {
        context.stdout.write(`Deployment ${deployment}\n`);
        if (approval !== null)
          context.stdout.write(`A person decides: tinman approvals approve ${approval}\n`);
      });
    });
}

function addRollback(interventions: Command, context: CliContext): void {
  interventions
    .command('rollback')
    .argument('<id>', 'id of the intervention')
    .description('take an intervention back from applications, at once and on every channel')
    .requiredOption('--reason <text>', 'why')
    .action(async (id: string, _options: unknown, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions & { readonly reason: string }>();
      const path = `/interventions/${encodeURIComponent(id)}/rollback`;
      const body = { reason: options.reason };
      const done = await apiClient(context, options).call(path, rolledBack, { method: 'POST', body });
      show(context, options, done, () => {
        for (const { deployment_id: deployment, channel, changed } of done.deployments) {
          const what = changed ? 'is taken back' : 'had been taken back before';
          context.stdout.write(`Deployment ${deployment} on ${channel} ${what}.\n`);
        }
      });
    });
}
