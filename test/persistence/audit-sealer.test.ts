import { randomBytes } from 'node:crypto';
import { appendFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appendAnchor, readAnchors } from '../../src/persistence/audit-anchor';
import { AuditSealer } from '../../src/persistence/audit-sealer';
import { appendInTransaction } from '../../src/persistence/audit-trail';
import { AuditLogBench, event, events } from './audit-log';

let bench: AuditLogBench;
beforeEach(async () => void (bench = await AuditLogBench.open()));
afterEach(() => bench.close());

const anchors = async () => (await readAnchors(bench.anchorFile)).anchors;
const anchoredSeqs = async () => (await anchors()).map(({ seq }) => seq);

describe('the sealer', () => {
  it('seals what is new, in batches, and the chain verifies', async () => {
    const nothing = { count: 0, oldest: null };
    expect(await bench.verify()).toEqual({ ok: true, firstBad: null, head: null, unsealed: nothing });
    await bench.append(events(2_300));
    expect(await bench.verify()).toMatchObject({ ok: true, head: null, unsealed: { count: 2_300 } });

    const sealer = bench.sealer();
    expect(await sealer.seal()).toBe(2_300);
    await bench.append([event('late')]);
    const unsealed = { count: 1, oldest: expect.stringMatching(/^\d{4}-.*Z$/) as unknown };
    expect(await bench.verify()).toMatchObject({ ok: true, head: { seq: 2_300 }, unsealed });
    expect(await sealer.seal()).toBe(1);
    expect(await sealer.seal()).toBe(0);
    expect(await bench.verify()).toMatchObject({ ok: true, head: { seq: 2_301 }, unsealed: nothing });
    expect(await anchoredSeqs()).toEqual([2_300, 2_301]);
  });

  it.each(['one anchor file', 'an anchor file each'])(
    'makes one chain in several processes with %s',
    async (which) => {
      await bench.append(events(300));
      const fileOf = (n: number) =>
        which === 'one anchor file' ? bench.anchorFile : `${bench.anchorFile}.${n}`;
      const sealers = Array.from({ length: 5 }, (_, n) => bench.sealer(fileOf(n)));
      const sealed = await Promise.all(sealers.map((sealer) => sealer.seal()));
      expect(sealed.reduce((sum, count) => sum + count, 0)).toBe(300);
      await bench.sealer().seal();
      expect(await bench.verify()).toMatchObject({ ok: true, head: { seq: 300 }, unsealed: { count: 0 } });
      for (const n of [0, 1, 2, 3, 4]) {
        const { anchors: found, unreadableLines } = await readAnchors(fileOf(n));
        expect(unreadableLines).toEqual([]);
        for (const { seq } of found) expect(seq).toBe(300);
      }
    },
  );

  it('keeps up with eight writers; whatever overlaps, no row counts as bad', async () => {
    const perWriter = 60;
    const write = async (name: string): Promise<void> => {
      for (let i = 0; i < perWriter; i += 1) {
        await bench.service.$transaction(async (tx) => {
          await appendInTransaction(tx, [event(`${name}/${i}/a`)]);
          // Transactions overlap, so that rows appear in another order than that of their times.
          if (i % 7 === 0) await tx.$executeRaw`SELECT pg_sleep(0.03)`;
          await appendInTransaction(tx, [event(`${name}/${i}/b`)]);
        });
      }
    };
    const written = new AbortController();
    const verdicts: unknown[] = [];
    const seal = async (): Promise<void> => {
      const sealer = bench.sealer();
      while (!written.signal.aborted) {
        await sealer.seal();
        verdicts.push((await bench.verify()).firstBad);
      }
    };
    const sealing = [seal(), seal()];
    await Promise.all(Array.from({ length: 8 }, (_, n) => write(`writer-${n}`)));
    written.abort();
    await Promise.all(sealing);
    await bench.sealer().seal();
    expect(verdicts.length).toBeGreaterThan(5);
    expect(verdicts.filter((bad) => bad !== null)).toEqual([]);
    expect(await bench.verify()).toMatchObject({
      ok: true,
      head: { seq: 8 * 2 * perWriter },
      unsealed: { count: 0 },
    });
  }, 60_000);

  it('does not go on with another key, nor is it verified by one', async () => {
    await bench.append(events(3));
    await bench.sealer().seal();
    await rm(bench.anchorFile);
    const other = new AuditSealer(bench.service, randomBytes(32), bench.anchorFile);
    await expect(other.seal()).rejects.toThrow(/sealed with another key/);
    expect(await anchors()).toEqual([]);
    expect(await bench.verify(randomBytes(32))).toMatchObject({
      ok: false,
      firstBad: { seq: 1, reason: 'changed' },
    });
  });
});

describe('anchors', () => {
  it('go on after a restart, one for each pass that sealed something', async () => {
    await bench.append(events(2, 'first'));
    await bench.sealer().seal();
    await bench.sealer().seal();
    await bench.append(events(3, 'second'));
    await bench.sealer().seal();
    expect(await anchoredSeqs()).toEqual([2, 5]);
    expect((await stat(bench.anchorFile)).mode & 0o777).toBe(0o600);
    const [first] = await anchors();
    const link = await bench.service.auditSeal.findUniqueOrThrow({ where: { seq: 2n } });
    expect(first).toMatchObject({ hmac: link.hmac, at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown });
  });

  it('cover what another process sealed, once it is verified', async () => {
    await bench.append(events(2));
    await bench.sealer(`${bench.anchorFile}.other`).seal();
    expect(await bench.sealer().seal()).toBe(0);
    expect(await anchoredSeqs()).toEqual([2]);
  });

  it('count by their place, in whatever order processes wrote them', async () => {
    await bench.append(events(3, 'first'));
    await bench.sealer().seal();
    const { hmac } = await bench.service.auditSeal.findUniqueOrThrow({ where: { seq: 2n } });
    await appendAnchor(bench.anchorFile, { seq: 2, hmac });
    await bench.tamper(
      'DELETE FROM audit_logs USING audit_chain WHERE id = log_id AND seq > 2',
      'DELETE FROM audit_chain WHERE seq > 2',
    );
    expect(await bench.verify()).toMatchObject({ ok: false, firstBad: { seq: 3, reason: 'cut_off' } });
    await expect(bench.sealer().seal()).rejects.toMatchObject({ firstBad: { seq: 3, reason: 'cut_off' } });
  });

  it('are missed where there is a chain without any', async () => {
    await bench.append(events(2));
    await bench.sealer(`${bench.anchorFile}.other`).seal();
    expect(await bench.verify()).toMatchObject({
      ok: false,
      firstBad: { seq: 3, logId: null, reason: 'no_anchor' },
    });
  });

  it.each([
    ['in the middle of a line', '{"seq":7,"hm'],
    ['with rubbish', '\0\0\0\0'],
    ['with a line that is JSON, but no anchor', '{"seq":0,"hmac":"","at":""}'],
  ])(
    'survive a write that was cut off %s: it is reported, and the next one stands on its own',
    async (_what, rest) => {
      await bench.append(events(2, 'first'));
      await bench.sealer().seal();
      await appendFile(bench.anchorFile, rest);
      expect(await readAnchors(bench.anchorFile)).toMatchObject({
        anchors: [{ seq: 2 }],
        unreadableLines: [2],
      });
      expect(await bench.verify()).toMatchObject({ ok: true });

      await bench.append(events(1, 'second'));
      await bench.sealer().seal();
      expect(await readAnchors(bench.anchorFile)).toMatchObject({
        anchors: [{ seq: 2 }, { seq: 3 }],
        unreadableLines: [2],
      });
      expect(await bench.verify()).toMatchObject({ ok: true, head: { seq: 3 } });
    },
  );

  it('that a crash lost are made up for, after what they would have covered is verified', async () => {
    await bench.append(events(2, 'first'));
    await bench.sealer().seal();
    const { size } = await stat(bench.anchorFile);
    await bench.append(events(2, 'second'));
    await bench.sealer().seal();
    await truncate(bench.anchorFile, size);
    await bench.sealer().seal();
    expect(await anchoredSeqs()).toEqual([2, 4]);
  });
});

describe('what was tampered with before it was anchored', () => {
  const inFolder = (name: string) => join(bench.folder, name);

  it.each([
    [
      'an edited row',
      `UPDATE audit_logs SET actor = 'bob' WHERE id = (SELECT log_id FROM audit_chain WHERE seq = 4)`,
    ],
    ['a removed row', `DELETE FROM audit_logs WHERE id = (SELECT log_id FROM audit_chain WHERE seq = 4)`],
    ['a removed link', 'DELETE FROM audit_chain WHERE seq = 4'],
    ['a forged link', `UPDATE audit_chain SET hmac = repeat('0', 64) WHERE seq = 4`],
  ])('is not blessed: %s', async (_what, sql) => {
    await bench.append(events(3, 'first'));
    await bench.sealer().seal();
    await bench.append(events(3, 'second'));
    await bench.sealer(inFolder('other.anchor')).seal();
    await bench.tamper(sql);
    await bench.append(events(1, 'third'));
    const sealer = bench.sealer();
    for (const attempt of [1, 2]) {
      await expect(sealer.seal()).rejects.toMatchObject({ name: 'AuditTampered', firstBad: { seq: 4 } });
      expect({ attempt, anchored: await anchoredSeqs() }).toEqual({ attempt, anchored: [3] });
    }
    expect(await bench.verify()).toMatchObject({ ok: false, firstBad: { seq: 4 } });
  });

  it('is not sealed over: an end that was cut off stays the first bad place', async () => {
    await bench.append(events(5));
    const running = bench.sealer();
    await running.seal();
    await bench.tamper(
      'DELETE FROM audit_logs USING audit_chain WHERE id = log_id AND seq > 3',
      'DELETE FROM audit_chain WHERE seq > 3',
    );
    await bench.append(events(4, 'later'));
    for (const sealer of [running, bench.sealer()]) {
      await expect(sealer.seal()).rejects.toMatchObject({ firstBad: { reason: 'cut_off' } });
    }
    expect(await bench.verify()).toMatchObject({
      ok: false,
      firstBad: { seq: 4, logId: null, reason: 'cut_off' },
      unsealed: { count: 4 },
    });
  });

  it('and sealed over by a process that never saw it, is found by the anchor of one that did', async () => {
    await bench.append(events(5));
    await bench.sealer().seal();
    await bench.tamper(
      'DELETE FROM audit_logs USING audit_chain WHERE id = log_id AND seq > 3',
      'DELETE FROM audit_chain WHERE seq > 3',
    );
    await bench.append(events(4, 'later'));
    await bench.sealer(inFolder('fresh.anchor')).seal();
    expect(await bench.verify()).toMatchObject({
      ok: false,
      firstBad: { seq: 5, reason: 'not_as_anchored' },
    });
    await expect(bench.sealer().seal()).rejects.toMatchObject({
      firstBad: { seq: 5, reason: 'not_as_anchored' },
    });
  });

  it('by another key and another anchor file is not believed', async () => {
    await bench.append(events(1));
    await writeFile(
      bench.anchorFile,
      `${JSON.stringify({ seq: 9, hmac: '0'.repeat(64), at: new Date().toISOString() })}\n`,
    );
    await expect(bench.sealer().seal()).rejects.toMatchObject({ firstBad: { seq: 9, reason: 'cut_off' } });
    expect(await bench.verify()).toMatchObject({ ok: false, firstBad: { seq: 1, reason: 'cut_off' } });
  });
});
