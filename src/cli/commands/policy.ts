import { basename, resolve } from 'node:path';
import { Argument, Option, type Command } from 'commander';
import { DEFAULT_POLICY, loadRiskPolicy, type PolicySource } from '../../config/risk-policy';
import { MODES, type Mode } from '../../domain/mode';
import { microOfUsd } from '../../domain/money';
import { ACTION_TYPES, assessRisk, judgeByRules, type ActionType, type RiskPolicy } from '../../domain/risk';
import { riskPolicyDocument } from '../../domain/risk-policy-document';
import { SEVERITIES, type Severity } from '../../domain/severity';
import type { CliContext, GlobalOptions } from '../context';
import { dollars } from '../option-values';
import { readConfig } from '../settings';
import { show } from '../show';
import { field, writeTable } from '../table';

interface ExplainOptions extends GlobalOptions {
  readonly mode: Mode;
  readonly severity: Severity;
  readonly cost: number;
}

/** `tinman policy …`: the risk policy as the files have it; needs neither database nor API. */
export function addPolicyCommands(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('the risk policy');
  policy
    .command('check')
    .description('check a policy file, the configured one unless named; exit code 2 when it has mistakes')
    .argument('[file]', 'policy file')
    .action((file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const source =
        file === undefined
          ? configured(context, options)
          : { path: resolve(context.cwd, file), shownAs: file };
      const { version } = loadRiskPolicy(source);
      show(context, options, { file: source.shownAs, version }, () =>
        context.stdout.write(`${nameOf(source)} is a sound policy, ${version}\n`),
      );
    });
  policy
    .command('show', { isDefault: true })
    .description('show the configured policy')
    .action((_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const source = configured(context, options);
      const loaded = loadRiskPolicy(source);
      const document = {
        version: loaded.version,
        file: basename(source.path),
        ...riskPolicyDocument(loaded),
      };
      show(context, options, document, () => writePolicy(context, source, loaded));
    });
  addExplainCommand(policy, context);
}

function addExplainCommand(policy: Command, context: CliContext): void {
  const mode = new Option('--mode <mode>', 'operating mode').choices(MODES).makeOptionMandatory();
  const severity = new Option('--severity <severity>', 'impact of doing it').choices(SEVERITIES);
  policy
    .command('explain')
    .description('show what the configured policy says of an action, and which rule decides')
    .addArgument(new Argument('<action>', 'type of the action').choices(ACTION_TYPES))
    .addOption(mode)
    .addOption(severity.makeOptionMandatory())
    .option('--cost <usd>', 'estimated cost in US dollars', dollars, 0)
    .action((type: ActionType, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>();
      explain(context, options, type, loadRiskPolicy(configured(context, options)));
    });
}

function explain(context: CliContext, options: ExplainOptions, type: ActionType, policy: RiskPolicy): void {
  const { mode, severity, cost } = options;
  const action = { type, severity, estimatedCostMicroUsd: microOfUsd(cost) };
  const rules = judgeByRules(action, mode, policy);
  const { tier, rule, reason } = assessRisk(action, mode, policy);
  const subject = { action: type, mode, severity, cost_usd: cost };
  const verdict = { tier, decided_by: rule, reason };
  show(context, options, { ...subject, ...verdict, policy_version: policy.version, rules }, () => {
    const columns = [field('rule'), field('tier'), field('reason')];
    writeTable(
      context.stdout,
      columns,
      rules.map((one) => ({ ...one })),
    );
    context.stdout.write(`\n${tier}, decided by ${rule}: ${reason}\n`);
  });
}

function configured(context: CliContext, options: GlobalOptions): PolicySource {
  return readConfig(context, options).riskPolicy;
}

function nameOf({ path, shownAs }: PolicySource): string {
  return path === DEFAULT_POLICY.path ? `The built-in ${shownAs}` : shownAs;
}

function writePolicy({ stdout }: CliContext, source: PolicySource, policy: RiskPolicy): void {
  const { baseMatrix, actionOverrides, costThresholds } = policy;
  const { cost_thresholds } = riskPolicyDocument({ baseMatrix, actionOverrides, costThresholds });
  stdout.write(`${nameOf(source)}, ${policy.version}\n\n`);
  const severities = SEVERITIES.map((severity) => field(severity));
  writeTable(
    stdout,
    [field('mode'), ...severities],
    MODES.map((mode) => ({ mode, ...baseMatrix[mode] })),
  );
  const modes = MODES.map((mode) => field(mode));
  const overrides = Object.entries(actionOverrides).map(([action, tiers]) => ({ action, ...tiers }));
  stdout.write('\n');
  if (overrides.length > 0) writeTable(stdout, [field('action'), ...modes], overrides);
  stdout.write(
    `\nCost: up to ${cost_thresholds.low_cost_max} USD safe, above review, from ${cost_thresholds.high_cost_min} USD block\n`,
  );
}
