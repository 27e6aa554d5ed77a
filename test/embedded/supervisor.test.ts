import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isRunning } from '../../src/embedded/process-identity';
import { supervise } from '../../src/embedded/supervisor';
import { startChild } from '../../src/embedded/supervisor-child';
import { HomeInUse, lockHome } from '../../src/embedded/supervisor-lock';
import { ChildRecord } from '../../src/embedded/supervisor-orphans';
import { claimPorts, freePorts, PortInUse } from '../../src/embedded/supervisor-ports';

const FOREVER = ['-e', 'setInterval(() => undefined, 1000)'];

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'tinman-home-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const start = (args: readonly string[] = FOREVER) =>
  startChild(process.execPath, args, { env: process.env, log: () => undefined, graceMs: 500 });

describe('startChild', () => {
  it('kills what does not stop within the grace', async () => {
    const stubborn = `process.on('SIGTERM', () => undefined); console.log('up'); setInterval(() => undefined, 1000)`;
    let sayUp: (line: string) => void = () => undefined;
    const up = new Promise<string>((resolve) => (sayUp = resolve));
    const options = { env: process.env, graceMs: 100, log: (line: string) => sayUp(line) };
    const child = await startChild(process.execPath, ['-e', stubborn], options);
    expect(await up).toBe('up');
    await child.stop();
    expect(await child.exited).toBe('was ended by SIGKILL');
  });

  it('says how a program ended, and fails for one that is not there', async () => {
    const child = await start(['-e', 'console.error("why"); process.exit(7)']);
    expect(await child.exited).toBe('ended with code 7');
    await expect(
      startChild(join(home, 'nothing'), [], { env: {}, log: () => undefined, graceMs: 1 }),
    ).rejects.toThrow('ENOENT');
  });
});

describe('supervise', () => {
  it('starts again what was killed, and nothing after the stop', async () => {
    const pids: number[] = [];
    const log: string[] = [];
    let grown = (): void => undefined;
    const supervised = await supervise({
      name: 'part',
      log: (line) => void log.push(line),
      start: async () => {
        const child = await start();
        pids.push(child.pid);
        grown();
        return child;
      },
    });
    for (let kills = 1; kills <= 3; kills++) {
      const next = new Promise<void>((resolve) => (grown = resolve));
      process.kill(pids.at(-1) ?? 0, 'SIGKILL');
      await next;
      expect(pids).toHaveLength(kills + 1);
    }
    await supervised.stop();
    expect(pids.map((pid) => identify(pid))).toEqual([undefined, undefined, undefined, undefined]);
    expect(log.filter((line) => line.includes('was ended by SIGKILL'))).toHaveLength(3);
  });

  it('passes on what the first start throws', async () => {
    const failing = supervise({
      name: 'part',
      log: () => undefined,
      start: () => Promise.reject(new Error('no')),
    });
    await expect(failing).rejects.toThrow('no');
  });
});

describe('lockHome', () => {
  it('lets one process in, and the next when the first has left', async () => {
    const other = await start();
    const folder = join(home, 'locked');
    try {
      const leave = await lockHome(folder);
      await leave();
      writeFileSync(join(folder, 'dev.lock'), JSON.stringify(identify(other.pid)));
      await expect(lockHome(folder)).rejects.toThrow(HomeInUse);
    } finally {
      await other.stop();
    }
    const leave = await lockHome(folder);
    await expect(lockHome(folder)).rejects.toThrow(`in use by process ${process.pid}`);
    await leave();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([JSON.stringify({ pid: process.pid, started: '1' }), '{"pid":'])(
    'takes over a dead lock: %s',
    async (lock) => {
      writeFileSync(join(home, 'dev.lock'), lock);
      const leave = await lockHome(home);
      expect(JSON.parse(readFileSync(join(home, 'dev.lock'), 'utf8'))).toEqual(identify(process.pid));
      await leave();
    },
  );
});

describe('ChildRecord', () => {
  it('stops what an earlier parent left behind, and nothing else', async () => {
    const [orphan, stranger] = [spawn(process.execPath, FOREVER), spawn(process.execPath, FOREVER)];
    const strangerPid = stranger.pid ?? 0;
    const identity = identify(orphan.pid ?? 0);
    await new ChildRecord(home).remember('service', orphan.pid ?? 0);
    mkdirSync(join(home, 'children'), { recursive: true });
    writeFileSync(
      join(home, 'children', 'temporal.json'),
      JSON.stringify({ pid: strangerPid, started: '1' }),
    );
    const log: string[] = [];
    await new ChildRecord(home).stopOrphans((line) => void log.push(line));
    expect(identity !== undefined && isRunning(identity)).toBe(false);
    expect(identify(strangerPid)).toBeDefined();
    expect(log).toEqual([expect.stringContaining(`service (process ${orphan.pid})`)]);
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });
});

describe('ports', () => {
  it('names the port that is taken and the setting to change', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const claim = claimPorts('127.0.0.1', [{ port, setting: 'TINMAN_PORT' }]);
    await expect(claim).rejects.toThrow(PortInUse);
    await expect(claim).rejects.toThrow(new RegExp(`^Port ${port} .* already in use.* TINMAN_PORT`));
    holder.close();
  });

  it('gives different free ports, and refuses the same one twice', async () => {
    const ports = await freePorts(5);
    expect(new Set(ports).size).toBe(5);
    const [port = 0] = ports;
    const twice = [
      { port, setting: 'TINMAN_PORT' },
      { port, setting: 'TINMAN_METRICS_PORT' },
    ];
    await expect(claimPorts('127.0.0.1', twice)).rejects.toThrow('TINMAN_METRICS_PORT');
  });
});
