import { resolve } from 'node:path';
import type { Command } from 'commander';
import { classOf } from '../../domain/taxonomy';
import { catalogueIdsOf } from '../../domain/taxonomy-references';
import type { ExperimentFamily } from '../../researcher/library';
import type { CliContext, GlobalOptions } from '../context';
import { readConfig } from '../settings';
import { show } from '../show';
import { field, writeTable } from '../table';

/** `tinman families …`: the experiments of the offline researcher, as the files have them. */
export function addFamilyCommands(program: Command, context: CliContext): void {
  const families = program.command('families').description('the experiments, one family a failure type');
  families
    .command('list', { isDefault: true })
    .description(
      'list the families, built in and of your own, with the ids of OWASP and MITRE ATLAS (the default)',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { loadLibrary, engines } = await reader();
      const library = loadLibrary(engines, readConfig(context, options).families);
      const listed = library.families.map(rowOf);
      show(context, options, { version: library.version, families: listed }, () => {
        const columns = ['type', 'class', 'experiments', 'cases', 'controls', 'owasp', 'atlas'];
        writeTable(
          context.stdout,
          columns.map((name) => field(name)),
          listed.map((row) => ({ ...row, owasp: row.owasp.join(' '), atlas: row.atlas.join(' ') })),
        );
      });
    });
  families
    .command('check')
    .description('check family files; exit code 2 when one has mistakes')
    .argument('<file...>', 'family files')
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { loadFamily, engines } = await reader();
      const checked = files.map((file) => ({
        file,
        ...rowOf(loadFamily({ path: resolve(context.cwd, file), shownAs: file }, engines)),
      }));
      show(context, options, { files: checked }, () => {
        for (const { file, type, experiments, cases, controls } of checked) {
          context.stdout.write(
            `${file} is sound: ${type}, ${experiments} experiments, ${cases} cases, ${controls} controls\n`,
          );
        }
      });
    });
  families
    .command('schema')
    .description('write the JSON Schema of a family file, for an editor')
    .action(async () => {
      const { familyFileSchema } = await import('../../researcher/library/index.js');
      context.stdout.write(`${JSON.stringify(familyFileSchema(), null, 2)}\n`);
    });
}

/** Loaded when it is asked for: no other command needs the engines of untrusted patterns. */
async function reader() {
  const [{ loadFamily, loadLibrary }, { createDetectionEngines }] = await Promise.all([
    import('../../config/families.js'),
    import('../../detection/engines.js'),
  ]);
  return { loadFamily, loadLibrary, engines: createDetectionEngines() };
}

function rowOf({ failureType, experiments }: ExperimentFamily) {
  return {
    type: failureType,
    class: classOf(failureType),
    experiments: experiments.length,
    cases: experiments.reduce((sum, { cases }) => sum + cases.length, 0),
    controls: experiments.reduce((sum, { controls }) => sum + controls.length, 0),
    ...catalogueIdsOf(failureType),
  };
}
