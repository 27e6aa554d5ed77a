import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { judgedBy } from '../../domain/judge';
import { calibrationRates } from '../../domain/judge-calibration';
import type { Rate } from '../../domain/failure';
import { PACKAGE_ROOT } from '../../package-root';
import { readLabelledSet } from '../../researcher/labelled-set';
import type { StoredCalibration } from '../../calibrate-judge';
import type { CliContext, GlobalOptions } from '../context';
import { currentUser } from '../current-user';
import { withDatabase } from '../direct-database';
import { CliError, EXIT } from '../exit';
import { readConfig } from '../settings';
import { show } from '../show';
import { field, writeTable } from '../table';

/** The labelled runs of this package. */
const BUILT_IN_SET = join(PACKAGE_ROOT, 'calibration', 'judge.ndjson');

const VOTES = { '1': 1, '3': 3, '5': 5 } as const;

interface CalibrateOptions extends GlobalOptions {
  readonly set?: string;
  readonly votes: keyof typeof VOTES;
}

const COLUMNS = [field('name'), field('label'), field('outcome'), field('said')];

/** `tinman judge …`: how far the configured model can be trusted as a judge. Talks to the database itself. */
export function addJudgeCommands(program: Command, context: CliContext): void {
  const judge = program.command('judge').description('the model that decides runs by a rubric');
  judge
    .command('calibrate')
    .description('measure it on runs whose truth is known; rates that it decides are corrected by that')
    .option('--set <file>', 'labelled runs, one JSON object a line (default: those of this package)')
    .addOption(new Option('--votes <n>', 'opinions on each run').choices(Object.keys(VOTES)).default('1'))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CalibrateOptions>();
      const path = options.set === undefined ? BUILT_IN_SET : resolve(context.cwd, options.set);
      const text = await textOf(path);
      const set = { items: readLabelledSet(text), digest: createHash('sha256').update(text).digest('hex') };
      const config = readConfig(context, options);
      const { calibrateJudge } = await import('../../calibrate-judge.js');
      const stored = await withDatabase(context, options, ({ url, ownerUrl }) =>
        calibrateJudge({ ...config, databaseUrl: url, ownerDatabaseUrl: ownerUrl }, set, {
          votes: VOTES[options.votes],
          requestedBy: currentUser(),
          env: context.env,
          signal: context.signal,
        }),
      );
      show(context, options, shown(stored, path), () => writeCalibration(context, stored));
    });
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `${path} cannot be read: ${reason}`);
  }
}

function shown({ id, calibration, judged }: StoredCalibration, path: string): Record<string, unknown> {
  const { judge, version, votesAsked, setDigest, items, unassessed } = calibration;
  return {
    id,
    judged_by: judgedBy(calibration),
    ...{ judge, version, votes: votesAsked, set: path, set_digest: setDigest, items, unassessed },
    ...calibrationRates(calibration),
    mistakes: mistakesOf(judged),
  };
}

function mistakesOf(judged: StoredCalibration['judged']): Record<string, string>[] {
  return judged
    .filter(({ label, outcome }) => label !== outcome)
    .map(({ name, label, outcome, votes }) => ({
      ...{ name, label, outcome },
      said: votes.map(({ discarded, verdict, reason }) => `${discarded ?? verdict}: ${reason}`).join(' | '),
    }));
}

function writeCalibration({ stdout }: CliContext, { calibration, judged }: StoredCalibration): void {
  const { sensitivity, specificity } = calibrationRates(calibration);
  const { items, unassessed } = calibration;
  stdout.write(`${judgedBy(calibration)}: ${items} runs, ${unassessed} undecided\n`);
  stdout.write(`sensitivity ${inWords(sensitivity)}: failed runs that it calls failed\n`);
  stdout.write(`specificity ${inWords(specificity)}: good runs that it calls held\n`);
  const mistakes = mistakesOf(judged);
  if (mistakes.length > 0) writeTable(stdout, COLUMNS, mistakes);
}

function inWords({ value, count, n, low, high }: Rate): string {
  return `${percent(value)} (${count} of ${n}, 95 % interval ${percent(low)} to ${percent(high)})`;
}

function percent(share: number | null): string {
  return share === null ? '?' : `${(100 * share).toFixed(1)} %`;
}
