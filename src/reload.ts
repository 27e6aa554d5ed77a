import { ConfigError } from './config';
import type { SettingsFileSources } from './config/file';
import { readFileModes, type FileModes } from './config/file-modes';
import type { PolicyHolder } from './config/policy-holder';
import type { Mode } from './domain/mode';
import { policyReloaded, policyReloadFailed } from './policy-audit';
import type { AuditTrail } from './ports/audit';
import type { Logger } from './ports/logger';
import type { ModeGateway } from './ports/mode-gateway';

/** Who asks, as history and audit name it. */
const REQUESTER = 'SIGHUP';

interface ReloadDeps {
  readonly policy: PolicyHolder;
  readonly modes: Pick<ModeGateway, 'rollback'>;
  readonly audit: AuditTrail;
  readonly log: Logger;
  readonly files: SettingsFileSources;
}

/**
 * What a hang-up asks a running service for: the mode and the risk policy are read again, in this order. A mode that has
 * changed to shadow in a file since it was last read, at the start or by the reload before, forces the emergency rollback;
 * any other mode there changes nothing. Never rejects: what goes wrong is logged, and what was in force stays.
 */
export function createReload(deps: ReloadDeps, modesAtStart: FileModes['modes']): () => Promise<void> {
  let last = modesAtStart;
  let underWay = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      last = await obeyModes(deps, last);
    } catch (error) {
      deps.log.error({ err: error }, 'the emergency rollback failed; the next hang-up tries it again');
    }
    await reloadPolicy(deps).catch((error: unknown) =>
      deps.log.error({ err: error }, 'the reload of the risk policy could not be written to the audit log'),
    );
  };
  return () => (underWay = underWay.then(reload));
}

/** Returns what is known of the modes now. */
async function obeyModes(
  { files, modes, log }: ReloadDeps,
  last: FileModes['modes'],
): Promise<FileModes['modes']> {
  const read = readFileModes(files);
  if (read.mistakes.length > 0) {
    log.error({}, `the mode was not read from every file. ${new ConfigError(read.mistakes).message}`);
  }
  const changed = [...read.modes].filter(([file, mode]) => mode !== undefined && mode !== last.get(file));
  const shadow = changed.find(([, mode]) => mode === 'shadow');
  if (shadow !== undefined) {
    const reason = `the mode in ${shadow[0]} has changed to shadow`;
    const { mode, changed: rolledBack } = await modes.rollback({ requestedBy: REQUESTER, reason });
    log.warn(
      { mode },
      rolledBack ? `emergency rollback: ${reason}` : `${reason}; the mode was ${mode} already`,
    );
  }
  for (const [file, mode] of changed) {
    if (mode !== 'shadow') log.warn({ file, mode }, otherMode(file, mode));
  }
  return new Map([...last, ...read.modes]);
}

function otherMode(file: string, mode: Mode | undefined): string {
  return `the mode in ${file} has changed to ${mode}, which changes nothing here: use tinman mode set ${mode}`;
}

async function reloadPolicy({ policy, audit, log }: ReloadDeps): Promise<void> {
  try {
    const before = policy.reload();
    const { version } = policy.current();
    log.info({ version, before: before.version }, 'the risk policy was read again');
    await audit.append([policyReloaded(policy, before, REQUESTER)]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.error({ version: policy.current().version }, `the risk policy stays as it was. ${error.message}`);
    await audit.append([policyReloadFailed(policy, error.message, REQUESTER)]);
  }
}
