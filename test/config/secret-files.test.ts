import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/config';

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-secrets-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (env: Record<string, string>) => loadConfig({ cwd, env });

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.mistakes.map(({ where, message }) => `${where}: ${message}`);
  }
  return [];
}

describe('secrets that are given as files', () => {
  it('are read without the white space around them, and stand above tinman.yaml', () => {
    writeFileSync(join(cwd, 'url'), 'postgresql://service@db/tinman\n');
    writeFileSync(join(cwd, 'key'), '  sk-1 \n');
    writeFileSync(join(cwd, 'tinman.yaml'), 'database_url: postgresql://other/tinman\n');
    const config = load({ TINMAN_DATABASE_URL_FILE: 'url', ANTHROPIC_API_KEY_FILE: join(cwd, 'key') });
    expect(config).toMatchObject({
      databaseUrl: 'postgresql://service@db/tinman',
      researcher: 'anthropic',
      anthropic: { apiKey: 'sk-1' },
    });
  });

  it('are mistakes beside their variable, missing or empty; the secret is never shown', () => {
    writeFileSync(join(cwd, 'url'), 'postgresql://service:secret@db/tinman');
    writeFileSync(join(cwd, 'empty'), '\n');
    expect(
      mistakesOf({
        TINMAN_DATABASE_URL_FILE: 'url',
        TINMAN_DATABASE_URL: 'postgresql://else',
        OPENAI_API_KEY_FILE: 'empty',
        GROQ_API_KEY_FILE: 'nowhere',
      }),
    ).toEqual([
      'TINMAN_DATABASE_URL_FILE: TINMAN_DATABASE_URL is set as well; give one of the two',
      'OPENAI_API_KEY_FILE: empty is empty',
      expect.stringMatching(/^GROQ_API_KEY_FILE: nowhere cannot be read: .*no such file/),
    ]);
  });

  it('have names that are checked for slips', () => {
    expect(mistakesOf({ TINMAN_DATABSE_URL_FILE: 'url' })).toEqual([
      'TINMAN_DATABSE_URL_FILE: unknown variable; did you mean TINMAN_DATABASE_URL_FILE?',
    ]);
  });
});
