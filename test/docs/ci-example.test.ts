import { parse } from 'yaml';
import { z } from 'zod';
import { readDocument, tableIn } from './markdown';

const Step = z.object({ run: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() });
const Workflow = z.object({ jobs: z.object({ regressions: z.object({ steps: z.array(Step) }) }) });
const { steps } = Workflow.parse(parse(readDocument('examples/ci/tinman-regressions.yml'))).jobs.regressions;

it('the workflow for builds uses options that the command has, and uploads what it writes', () => {
  const command = steps.flatMap(({ run = [] }) => run).join(' ');
  const [, options = ''] =
    tableIn('docs/cli.md', 'commands').find(([name]) => name === '`tinman cycle start`') ?? [];
  const used = command.match(/--[a-z-]+/g)?.filter((option) => option !== '--yes') ?? [];
  expect(used).toContain('--regressions');
  for (const option of used) expect(options).toMatch(new RegExp(`\`${option}[ \`]`));
  const uploaded = JSON.stringify(steps.map((step) => step.with));
  for (const [, file] of command.matchAll(/--(?:junit|sarif) (\S+)/g)) expect(uploaded).toContain(file);
});
