import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileModes } from '../src/config/file-modes';
import { PolicyHolder } from '../src/config/policy-holder';
import { MODES, type Mode } from '../src/domain/mode';
import { createAuditTrail } from '../src/persistence/audit-trail';
import type { Logger } from '../src/ports/logger';
import { createReload } from '../src/reload';
import { startStores, type StoredWorld } from './support/stored-cycle';

const ROW = '{S0: safe, S1: safe, S2: safe, S3: safe, S4: safe}';
const POLICY = `base_matrix: {lab: ${ROW}, shadow: ${ROW}, production: ${ROW}}\n`;

let world: StoredWorld;
let cwd: string;
let lines: { readonly level: string; readonly message: string }[];
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'tinman-reload-'));
  lines = [];
  write('policy.yaml', POLICY);
  world = await startStores();
}, 60_000);
afterEach(async () => {
  await world?.stop();
  rmSync(cwd, { recursive: true, force: true });
});

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const put = (mode: Mode) =>
  world.prisma.modeState.update({ where: { id: 1 }, data: { mode, version: { increment: 1 } } });
const mode = async () => (await world.stores.mode.current()).mode;

const events = async (eventType: string) =>
  (await world.prisma.auditLog.findMany({ where: { eventType }, orderBy: { createdAt: 'asc' } })).map(
    ({ actor, subjectId, details }) => ({ actor, subjectId, details }),
  );

/** The service's reload over the real database; the way back from production is the store's own. */
function service(rollback = (input: Rollback) => world.stores.mode.forceShadow(input)) {
  const files = { cwd, env: { TINMAN_MODE: 'production' } };
  const policy = new PolicyHolder({ path: join(cwd, 'policy.yaml'), shownAs: 'policy.yaml' });
  const modes = {
    rollback: async (input: Rollback) => {
      const { mode: now, ...rest } = await rollback(input);
      return { ...rest, mode: now.mode };
    },
  };
  const noted = (level: string) => (_fields: unknown, message: string) => void lines.push({ level, message });
  const log: Logger = {
    debug: noted('debug'),
    info: noted('info'),
    warn: noted('warn'),
    error: noted('error'),
  };
  const audit = createAuditTrail(world.prisma);
  const reload = createReload({ policy, modes, audit, log, files }, readFileModes(files).modes);
  return { policy, reload };
}
type Rollback = Parameters<StoredWorld['stores']['mode']['forceShadow']>[0];

describe('the risk policy', () => {
  it('is read again, and the audit log holds what it says', async () => {
    const { policy, reload } = service();
    const { version: before } = policy.current();
    write('policy.yaml', `${POLICY}action_overrides: {FINE_TUNE: {lab: block}}\n`);
    await reload();
    const { version, actionOverrides } = policy.current();
    expect(version).not.toBe(before);
    expect(actionOverrides).toEqual({ FINE_TUNE: { lab: 'block' } });
    expect(await events('policy_reloaded')).toMatchObject([
      {
        actor: 'SIGHUP',
        subjectId: version,
        details: {
          file: 'policy.yaml',
          version_before: before,
          policy: { action_overrides: { FINE_TUNE: { lab: 'block' } } },
        },
      },
    ]);
  });

  it('stays as it was when the file has a mistake, which log and audit log name', async () => {
    const { policy, reload } = service();
    const before = policy.current();
    write('policy.yaml', POLICY.replace('shadow', 'shadwo'));
    await reload();
    expect(policy.current()).toBe(before);
    const place = 'policy.yaml:1:72: base_matrix.shadwo: unknown mode; did you mean shadow?';
    expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      expect.stringContaining(place),
    ]);
    const failed = await events('policy_reload_failed');
    expect(failed).toMatchObject([
      { actor: 'SIGHUP', subjectId: before.version, details: { file: 'policy.yaml' } },
    ]);
    expect(JSON.stringify(failed[0]?.details)).toContain(place);
    write('policy.yaml', POLICY);
    await reload();
    expect(await events('policy_reloaded')).toHaveLength(1);
  });
});

describe('the mode in the files', () => {
  it.each(['.env', 'tinman.yaml'])(
    'forces the rollback when it has changed to shadow in %s',
    async (file) => {
      const say = (what: Mode) => write(file, file === '.env' ? `TINMAN_MODE=${what}\n` : `mode: ${what}\n`);
      say('production');
      await put('production');
      const { reload } = service();
      await reload();
      expect(await mode()).toBe('production');
      say('shadow');
      await reload();
      expect(await mode()).toBe('shadow');
      const reason = `the mode in ${file} has changed to shadow`;
      expect((await world.stores.mode.history(1))[0]).toMatchObject({
        from: 'production',
        to: 'shadow',
        emergency: true,
        requestedBy: 'SIGHUP',
        reason,
      });
      expect(await events('mode_transition')).toMatchObject([{ actor: 'SIGHUP', details: { reason } }]);
    },
  );

  it('forces nothing when it has not changed, and forces again when it has changed back and forth', async () => {
    write('tinman.yaml', 'mode: shadow\n');
    await put('production');
    const { reload } = service();
    await reload();
    await reload();
    expect(await mode()).toBe('production');
    write('tinman.yaml', 'port: 8000\n');
    await reload();
    expect(await mode()).toBe('production');
    write('tinman.yaml', 'mode: shadow\n');
    await Promise.all([reload(), reload()]);
    expect(await mode()).toBe('shadow');
    await put('production');
    await reload();
    expect(await mode()).toBe('production');
    expect(await world.prisma.modeTransition.count({ where: { emergency: true } })).toBe(1);
  });

  it.each(MODES.flatMap((now) => MODES.map((said) => ({ now, said }))))(
    'leads from $now with $said nowhere but from production to shadow',
    async ({ now, said }) => {
      await put(now);
      const { reload } = service();
      write('tinman.yaml', `mode: ${said}\n`);
      await reload();
      expect(await mode()).toBe(now === 'production' && said === 'shadow' ? 'shadow' : now);
      expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    },
  );

  it('is obeyed whatever else is wrong: in its file, in the other one, with the policy', async () => {
    write('.env', 'TINMAN_MODE=production\n');
    await put('production');
    const { reload } = service();
    write('.env', 'TINMAN_MODE=shadow\nTINMAN_PORT=high\n');
    write('tinman.yaml', 'mode: [\n');
    write('policy.yaml', '- none\n');
    await reload();
    expect(await mode()).toBe('shadow');
    expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      expect.stringContaining('tinman.yaml:2:1'),
      expect.stringContaining('policy.yaml:1:1'),
    ]);
  });

  it('is tried again at the next time when the rollback failed', async () => {
    write('tinman.yaml', 'mode: production\n');
    await put('production');
    let fails = true;
    const { reload } = service((input) =>
      fails ? Promise.reject(new Error('no connection')) : world.stores.mode.forceShadow(input),
    );
    write('tinman.yaml', 'mode: shadow\n');
    await reload();
    expect(await mode()).toBe('production');
    expect(lines.some(({ level, message }) => level === 'error' && message.includes('rollback failed'))).toBe(
      true,
    );
    fails = false;
    await reload();
    expect(await mode()).toBe('shadow');
  });
});
