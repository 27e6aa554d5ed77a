import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditSealer } from '../../src/persistence/audit-sealer';
import { recordId } from '../../src/persistence/record-id';
import { createReportSource } from '../../src/persistence/report-source';
import type { ReportSource } from '../../src/ports/report-source';
import { assessedAction, LAX, originOf, startStores, type StoredWorld } from '../support/stored-cycle';
import { wholeCycle } from '../support/whole-cycle';

const HOUR_MS = 3_600_000;
const period = { since: new Date(Date.now() - HOUR_MS), until: new Date(Date.now() + HOUR_MS) };
const EMPTY = { since: new Date('2020-01-01T00:00:00Z'), until: new Date('2020-01-08T00:00:00Z') };

let world: StoredWorld;
let folder: string;
let source: ReportSource;
let sealer: AuditSealer;
let cycle: Awaited<ReturnType<typeof wholeCycle>>;

beforeAll(async () => {
  world = await startStores();
  folder = await mkdtemp(join(tmpdir(), 'tinman-report-'));
  const audit = { key: randomBytes(32), anchorFile: join(folder, 'audit.anchor') };
  sealer = new AuditSealer(world.prisma, audit.key, audit.anchorFile);
  source = createReportSource(world.prisma, audit);
  cycle = await wholeCycle(world, 'demo');
  await permit(cycle.experimentId);
  await permit(cycle.intervention.id);
}, 30_000);
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true });
});

/** A gate that lets a subject pass; told afterwards, within what clocks may differ. */
async function permit(subjectId: string): Promise<void> {
  const passed = assessedAction(subjectId, { tier: 'safe', outcome: 'go' });
  await world.stores.approvals.saveAssessed(originOf(cycle.input), [passed]);
}

async function violations(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { checks } = await source.compliance(period);
  return Object.fromEntries(
    checks
      .filter(({ violations: found }) => found > 0)
      .map(({ id, examples }) => [id, examples.map(({ detail }) => detail)]),
  );
}

describe('the executive figures', () => {
  it('count what happened in the period', async () => {
    const found = await source.executive(period);
    expect(found).toMatchObject({
      cyclesByState: { running: 1 },
      experimentsByState: { done: 1, designed: 1 },
      runsByOutcome: { failed: 1, held: 1 },
      failures: [{ severity: 'S2', state: 'open', count: 1 }],
      failuresByNovelty: { new: 1 },
      open: [{ severity: 'S2', count: 1, failedRuns: 1, assessedRuns: 2, low: 0.094, high: 0.906 }],
      worst: [{ id: cycle.finding.id, failureType: 'logic_error' }],
      simulationsByVerdict: { improved: 1 },
      approvalsRequested: 1,
      approvalsPending: 0,
      spent: [{ source: 'target', settledMicroUsd: 1_500_000, unknownMicroUsd: 0, calls: 1 }],
      budgets: { total: 1, rows: [{ scope: 'global', settledMicroUsd: 1_500_000, overrun: false }] },
    });
    const amounts = new Map(found.trend.map(({ what, amount }) => [what, amount]));
    expect(amounts.get('S2')).toBe(1);
    expect(amounts.get('cycles')).toBe(1);
    expect(amounts.get('spent_micro_usd')).toBe(1_500_000);
  });

  it('are nothing where nothing happened', async () => {
    const found = await source.executive(EMPTY);
    expect(found).toMatchObject({
      cyclesByState: {},
      failures: [],
      open: [],
      worst: [],
      decisions: [],
      spent: [],
      trend: [],
    });
  });
});

describe('the technical details', () => {
  it('are the failures with evidence, runs, interventions and what replays showed', async () => {
    const found = await source.technical(period);
    expect(found.details).toMatchObject({
      total: 1,
      rows: [
        {
          id: cycle.finding.id,
          trigger: 'a sum',
          evidence: [{ quote: '5', explanation: 'not 4' }],
          runIds: [recordId('run', cycle.experimentId, 0)],
          followUp: null,
        },
      ],
    });
    expect(found.lines.rows.map(({ id }) => id)).toEqual([cycle.finding.id]);
    expect(found.detailInterventions).toMatchObject([
      { id: cycle.intervention.id, failureId: cycle.finding.id, result: { verdict: 'improved' } },
    ]);
    expect(found.interventions.total).toBe(1);
    expect(found.patterns.rows).toMatchObject([
      { failureType: 'logic_error', count: 1, open: 1, worst: 'S2', failedRuns: 1, assessedRuns: 2 },
    ]);
  });

  it('are empty lists where nothing happened', async () => {
    const found = await source.technical(EMPTY);
    expect([found.details, found.lines, found.interventions, found.patterns]).toEqual(
      [0, 0, 0, 0].map((total) => ({ total, rows: [] })),
    );
  });
});

describe('compliance', () => {
  it('finds nothing wrong with what went by the rules, and says over how many records', async () => {
    await sealer.seal();
    const found = await source.compliance(period);
    expect(await violations()).toEqual({});
    const checked = new Map(found.checks.map((check) => [check.id, check.checked]));
    expect(checked.get('unpermitted_action')).toBe(2);
    expect(checked.get('runs_beyond_mode')).toBe(1);
    expect(checked.get('bill_above_reservation')).toBe(1);
    expect(found.audit).toMatchObject({ ok: true, firstBad: null, unsealed: 0 });
    expect(found.audit.sealed).toBe(found.audit.anchored);
    expect(found.policies.rows).toMatchObject([{ version: 'default-1', assessed: 3, safe: 2, review: 1 }]);
    expect(found.transitions.rows).toMatchObject([{ fromMode: null, toMode: 'lab', version: 1 }]);
  });

  it('says how much is not sealed yet', async () => {
    await permit(randomUUID());
    const { audit } = await source.compliance(period);
    expect(audit).toMatchObject({ ok: true, unsealed: 1 });
    expect(audit.oldestUnsealed).not.toBeNull();
  });

  it('finds each kind of violation', async () => {
    const [, second] = cycle.designs;
    const experimentId = second?.id ?? '';
    const asked = assessedAction(experimentId);
    await world.stores.approvals.saveAssessed(originOf(cycle.input), [asked]);
    const { approvalId } = asked.action;
    await world.stores.approvals.record(
      {
        approvalId,
        state: 'expired',
        decidedBy: null,
        reason: null,
        decidedAt: new Date(Date.now() - 60_000).toISOString(),
        via: 'deadline',
      },
      LAX,
    );
    await world.stores.experiments.begin(experimentId, 'production', 0);
    const run = (sql: string) => world.prisma.$executeRawUnsafe(sql);
    await run(`UPDATE experiments SET runs_permitted = 1, destructive = true, mode = 'shadow'
      WHERE id = '${cycle.experimentId}'`);
    await run(`UPDATE cost_ledger SET settled_micro_usd = reserved_micro_usd + 1`);
    await run(`UPDATE budget_periods SET overrun = true`);
    await run(`INSERT INTO mode_transitions (id, from_mode, to_mode, version, requested_by)
      VALUES ('${randomUUID()}', 'shadow', 'production', 7, 'mallory')`);

    const found = await violations();
    expect(found['unpermitted_action']).toEqual(['nothing permits it', 'nothing permits it']);
    expect(found['refusal_disobeyed']).toEqual([
      `it is expired, and experiments/${experimentId} began after it`,
    ]);
    expect(found['runs_beyond_mode']).toEqual(['2 runs, 1 permitted']);
    expect(found['lab_only_elsewhere']).toEqual(['it began in shadow']);
    expect(found['bill_above_reservation']).toHaveLength(1);
    expect(found['budget_overrun']).toEqual(['a bill came out above its reservation']);
    expect(found['mode_gap']).toEqual(['version 7 follows none']);
    expect(found['production_without_person']).toEqual(['no person approved it']);
    expect(found['not_in_audit_log']).toEqual(['there is no entry mode_transition']);
  });

  it('finds decisions that the rules would not have let stand', async () => {
    const decided = async (change: string, via: 'policy' | 'update' = 'update'): Promise<string> => {
      const asked = assessedAction(randomUUID());
      const { approvalId } = asked.action;
      await world.stores.approvals.saveAssessed(originOf(cycle.input), [asked]);
      await world.stores.approvals.record(
        {
          approvalId,
          state: 'approved',
          decidedBy: 'ana',
          reason: null,
          decidedAt: new Date().toISOString(),
          via,
        },
        LAX,
      );
      await world.prisma.$executeRawUnsafe(`${change} '${approvalId}'`);
      return `approvals/${approvalId}`;
    };
    const late = await decided(`UPDATE approvals SET deadline_at = now() - interval '1 minute' WHERE id =`);
    const person = await decided(`UPDATE approvals SET person_required = true WHERE id =`, 'policy');
    const unproven = await decided(`UPDATE approvals SET severity = 'S4' WHERE id =`);
    const claimed = await decided(`UPDATE approval_decisions SET proven_by = 'bea' WHERE approval_id =`);
    await world.prisma.$executeRawUnsafe(
      `UPDATE approvals SET mode = 'production' WHERE id = '${claimed.split('/')[1] ?? ''}'`,
    );
    const { checks } = await source.compliance(period);
    const examples = (id: string) => checks.find((check) => check.id === id)?.examples ?? [];
    expect(examples('approved_too_late').map(({ record }) => record)).toEqual([late]);
    expect(examples('policy_for_a_person')).toEqual([{ record: person, detail: 'a person must decide' }]);
    expect(new Map(examples('unproven_approval').map(({ record, detail }) => [record, detail]))).toEqual(
      new Map([
        [unproven, 'nothing proves who approved it'],
        [claimed, 'no proof of bea is recorded'],
      ]),
    );
  });

  it('finds a change in the sealed log', async () => {
    await sealer.seal();
    await world.prisma.$executeRawUnsafe('ALTER TABLE audit_logs DISABLE TRIGGER ALL');
    await world.prisma.$executeRawUnsafe(
      `UPDATE audit_logs SET actor = 'mallory' WHERE id = (SELECT log_id FROM audit_chain WHERE seq = 3)`,
    );
    const { audit } = await source.compliance(period);
    expect(audit).toMatchObject({ ok: false, sealed: 2 });
    expect(audit.firstBad).toContain('number 3');
  });
});
