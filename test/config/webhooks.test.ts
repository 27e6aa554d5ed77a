import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config';
import { OUTBOUND_EVENT_TYPES } from '../../src/domain/outbound-events';
import { openEndpoints } from '../../src/webhooks/endpoints';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-webhooks-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function load(webhooks: readonly unknown[]) {
  // JSON is YAML.
  writeFileSync(join(cwd, 'tinman.yaml'), JSON.stringify({ webhooks }));
  return loadConfig({ cwd, env: {} }).webhooks;
}

function mistakesIn(...webhooks: readonly unknown[]): readonly string[] {
  try {
    load(webhooks);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.mistakes.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

const GOOD = { name: 'chat', url: 'https://hooks.example.com/x?y=z', secret_env: 'CHAT_SECRET' };

describe('webhooks in tinman.yaml', () => {
  it('have a name, a URL, a place of their secret, and all types of events unless some are named', () => {
    const file = { name: 'archive', url: 'http://10.0.0.7:8080/', secret_file: 'secrets/archive' };
    expect(load([GOOD, { ...file, events: ['mode.changed'] }])).toEqual([
      { name: 'chat', url: GOOD.url, secret: { env: 'CHAT_SECRET' }, events: OUTBOUND_EVENT_TYPES },
      {
        ...{ name: 'archive', url: file.url, events: ['mode.changed'] },
        secret: { file: join(cwd, 'secrets/archive') },
      },
    ]);
    expect(load([])).toEqual([]);
  });

  it('are told of families of events as well', () => {
    const told = (events: readonly string[]) => load([{ ...GOOD, events }])[0]?.events;
    expect(told(['intervention.*', 'mode.changed'])).toEqual([
      'mode.changed',
      'intervention.deployed',
      'intervention.rolled_back',
    ]);
    expect(told(['approval.decided', 'approval.*'])).toHaveLength(4);
  });

  it('are refused with what is wrong about them', () => {
    const { secret_env: _, ...noSecret } = GOOD;
    expect(mistakesIn(noSecret)).toEqual(['webhooks.0: Expected one of secret_file and secret_env']);
    expect(mistakesIn({ ...GOOD, secret_file: 'x' })).toEqual([
      'webhooks.0: Expected one of secret_file and secret_env',
    ]);
    expect(mistakesIn({ ...GOOD, secret: SECRET })).toEqual([
      expect.stringMatching(/^webhooks\.0\.secret: unknown/),
    ]);
    expect(mistakesIn({ ...GOOD, secret_fle: 'x' })).toEqual([
      'webhooks.0.secret_fle: unknown setting; did you mean secret_file?',
    ]);
    expect(mistakesIn({ ...GOOD, events: ['mode.change'] })).toEqual([
      expect.stringMatching(/^webhooks\.0\.events\.0: .*; did you mean mode\.changed\?$/),
    ]);
    for (const events of [[], ['approvals.*'], ['*.requested'], ['appr*']]) {
      expect(mistakesIn({ ...GOOD, events })).toHaveLength(1);
    }
    expect(mistakesIn({ ...GOOD, name: 'Team Chat' })).toHaveLength(1);
    expect(mistakesIn(GOOD, { ...GOOD, url: 'https://other.example.com' })).toEqual([
      'webhooks: Expected a different name for each',
    ]);
    for (const url of ['ftp://example.com', 'example.com', '/hook']) {
      expect(mistakesIn({ ...GOOD, url })).toEqual([
        'webhooks.0.url: Expected a URL that begins with https:// or http://',
      ]);
    }
    expect(mistakesIn({ ...GOOD, url: 'https://ana:secret@example.com/' })).toEqual([
      'webhooks.0.url: Expected a URL without a name and password',
    ]);
  });
});

describe('the secret of a webhook', () => {
  it('is read from a variable or a file', async () => {
    writeFileSync(join(cwd, 'secret'), `${SECRET}\n`);
    const webhooks = load([GOOD, { name: 'archive', url: GOOD.url, secret_file: 'secret' }]);
    const secret = Buffer.alloc(32, 7);
    expect(await openEndpoints(webhooks, { CHAT_SECRET: SECRET })).toEqual([
      { name: 'chat', url: GOOD.url, secret },
      { name: 'archive', url: GOOD.url, secret },
    ]);
  });

  it('is missed by its place, and never shown', async () => {
    const [chat] = load([GOOD]);
    const told = (env: NodeJS.ProcessEnv) => openEndpoints([chat!], env).catch((error: unknown) => error);
    expect(await told({})).toMatchObject({
      code: 'invalid_configuration',
      message: 'the secret of the webhook chat: CHAT_SECRET is not set',
    });
    const wrong = await told({ CHAT_SECRET: 'hunter2' });
    expect(wrong).toMatchObject({ code: 'invalid_configuration' });
    expect(String(wrong)).toContain('CHAT_SECRET does not hold a secret');
    expect(String(wrong)).not.toContain('hunter2');
    const elsewhere = { ...chat!, secret: { file: join(cwd, 'none') } };
    await expect(openEndpoints([elsewhere], {})).rejects.toThrow('cannot be read: ENOENT');
  });
});
