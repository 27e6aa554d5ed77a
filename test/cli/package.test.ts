import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..', '..');
const execute = promisify(execFile);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tinman-package-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** npm writes its settings into the environment of what it runs; here it must start afresh. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|TINMAN_|NODE_ENV|INIT_CWD)/.test(name)),
);
const shell = process.platform === 'win32';
const run = (command: string, args: readonly string[], cwd = folder) =>
  execute(command, [...args], { cwd, env, shell, maxBuffer: 64 * 1_024 * 1_024 });

describe('the package', () => {
  it('can be packed, installed into an empty project, run and imported', async () => {
    await run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT);
    const [archive = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
    await writeFile(join(folder, 'package.json'), '{"name": "empty", "version": "1.0.0", "private": true}');
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, archive)]);

    const help = await run('npx', ['--no-install', 'tinman', '--help']);
    expect(help.stdout).toContain('tinman dev');
    await run('npx', ['--no-install', 'tinman', 'init']);
    expect(await readdir(folder)).toContain('tinman.yaml');

    const script = `const { createTinman } = require('tinman'); console.log(typeof createTinman)`;
    expect((await run(process.execPath, ['-e', script])).stdout).toBe('function\n');
    const asModule = `import { createTinman } from 'tinman'; console.log(typeof createTinman)`;
    const imported = await run(process.execPath, ['--input-type=module', '-e', asModule]);
    expect(imported.stdout).toBe('function\n');
  }, 300_000);
});
