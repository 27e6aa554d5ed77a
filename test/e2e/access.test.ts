import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startStack, type Stack } from '../support/stack';

jest.setTimeout(60_000);

const Listed = z.object({
  keys: z.array(z.looseObject({ id: z.string(), revoked_at: z.string().nullable() })),
});

/** The tests follow each other, as the life of an installation does. */
describe('an installation whose first key comes from a file', () => {
  const first = `tinman_${randomUUID().replaceAll('-', '')}_${randomBytes(32).toString('base64url')}`;
  let folder: string;
  let stack: Stack;
  let second = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinman-access-'));
    const bootstrap_key_file = join(folder, 'key');
    await writeFile(bootstrap_key_file, `${first}\n`);
    stack = await startStack({ settings: { access: { bootstrap_key_file } } });
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const listed = async () =>
    Listed.parse(JSON.parse((await stack.cli('keys', 'list', '--json')).stdout)).keys;

  it('answers nobody without it, and says what to do', async () => {
    const refused = await stack.cli('status');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('put a key of `tinman keys create` into TINMAN_API_KEY');
    expect(await stack.cliWithKey(first, 'status')).toMatchObject({ code: 0 });
    const unusable = await stack.cliWithKey(`${first}\n`, 'status');
    expect(unusable).toMatchObject({ code: 2 });
    expect(unusable.stderr).not.toContain(first);
  });

  it('has further keys made while API is down', async () => {
    await stack.apis[0]?.process.kill();
    const made = await stack.cli('keys', 'create', '--owner', 'ana', '--role', 'viewer');
    second = made.stdout.trim();
    await stack.apis[0]?.process.restart();
    expect(await stack.cliWithKey(second, 'status')).toMatchObject({ code: 0 });
    const refused = await stack.cliWithKey(second, 'cycle', 'start');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('needs a key of the role operator');
    expect(refused.stderr).toContain('tinman keys create --role ROLE');
  });

  it('knows whose cycle it is', async () => {
    const started = await stack.cliWithKey(first, 'cycle', 'start', '--max-hypotheses', '1', '--json');
    expect(started).toMatchObject({ code: 0 });
    const rows = await stack.query('SELECT requested_by FROM research_cycles');
    expect(rows).toEqual([{ requested_by: 'bootstrap' }]);
  });

  it('refuses a key from its revocation on', async () => {
    const ana = (await listed())[0];
    expect(await stack.cli('keys', 'revoke', ana?.id ?? '')).toMatchObject({ code: 0 });
    expect(await stack.cliWithKey(second, 'status')).toMatchObject({ code: 1, stdout: '' });
    expect(await stack.cliWithKey(first, 'status')).toMatchObject({ code: 0 });
  });

  it('does not serve others once its last key is revoked, and has none come back from the file', async () => {
    for (const { id, revoked_at } of await listed()) {
      if (revoked_at === null) await stack.cli('keys', 'revoke', id);
    }
    const ended = await stack.cli('serve', '--host', '0.0.0.0', '--port', '0', '--metrics-port', '0');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('`tinman keys create --owner NAME --role admin`');
    expect((await listed()).every(({ revoked_at }) => revoked_at !== null)).toBe(true);
  });

  it('never writes a key into its logs', () => {
    for (const key of [first, second]) expect(stack.logs()).not.toContain(key.slice(-43));
    expect(stack.logs()).toContain('"path":"/status"');
  });
});
