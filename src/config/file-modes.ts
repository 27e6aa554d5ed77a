import { MODES, type Mode } from '../domain/mode';
import { readEnvFile, withEnvFile, type EnvFile } from './env-file';
import { readSettingsFile, settingsFileName, type ConfigFile, type SettingsFileSources } from './file';
import { suggestion } from './issues';
import type { ConfigMistake } from './mistakes';

export interface FileModes {
  /** By file; undefined where the file names none. A file with a mistake in it is left out. */
  readonly modes: ReadonlyMap<string, Mode | undefined>;
  readonly mistakes: readonly ConfigMistake[];
}

/**
 * The modes that `.env` and the settings file name at this moment. The environment of the process is left aside, since
 * it cannot change; so are all other settings, whose mistakes must not stand in the way of an emergency.
 */
export function readFileModes(sources: SettingsFileSources): FileModes {
  const envFile = readEnvFile(sources.cwd);
  const settings = { ...sources, env: withEnvFile(sources.env, envFile) };
  const { file, mistakes } = readSettingsFile(settings);
  const read = [
    envFile.mistakes.length > 0 ? failed(envFile.mistakes) : modeOfEnvFile(envFile),
    mistakes.length > 0 ? failed(mistakes) : modeOfSettings(settingsFileName(settings), file),
  ];
  return {
    modes: new Map(read.flatMap(({ modes }) => [...modes])),
    mistakes: read.flatMap((one) => one.mistakes),
  };
}

function modeOfEnvFile({ values, locate }: EnvFile): FileModes {
  return checked('.env', values['TINMAN_MODE'] || undefined, locate('TINMAN_MODE'));
}

function modeOfSettings(name: string, file: ConfigFile | undefined): FileModes {
  return checked(name, file?.values['mode'], file?.locate(['mode']) ?? name);
}

function checked(file: string, given: unknown, where: string): FileModes {
  const mode = MODES.find((known) => known === given);
  if (mode !== undefined || given === undefined) return { modes: new Map([[file, mode]]), mistakes: [] };
  const meant = typeof given === 'string' ? suggestion(given, MODES) : '';
  const message = `expected ${MODES.join(', ')}${meant}`;
  return failed([{ where, field: 'mode', message }]);
}

function failed(mistakes: readonly ConfigMistake[]): FileModes {
  return { modes: new Map(), mistakes };
}
