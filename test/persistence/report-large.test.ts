import { randomBytes } from 'node:crypto';
import { REPORT_FORMATS } from '../../src/domain/report';
import { createReportSource } from '../../src/persistence/report-source';
import { generateReport } from '../../src/reports/generate';
import { written } from '../reports/written';
import { discoveredCycle, startStores, type StoredWorld } from '../support/stored-cycle';

const FAILURES = 10_100;
const HOUR_MS = 3_600_000;
const MB = 1_000_000;

let world: StoredWorld;
beforeAll(async () => {
  world = await startStores();
  await discoveredCycle(world, 'demo');
  await world.prisma.$executeRaw`
    WITH one AS (SELECT * FROM failures), copies AS (
      INSERT INTO failures SELECT copy.* FROM one, generate_series(2, ${FAILURES}) AS number,
        jsonb_populate_record(NULL::failures, to_jsonb(one) || jsonb_build_object(
          'id', gen_random_uuid(), 'trigger_signature', one.trigger_signature || ' ' || number)) AS copy
      RETURNING id)
    INSERT INTO failure_runs SELECT copies.id, r.run_id FROM copies, failure_runs r`;
}, 30_000);
afterAll(() => world.stop());

it('more than ten thousand failures are counted in whole and listed in part, in every format', async () => {
  const source = createReportSource(world.prisma, { key: randomBytes(32), anchorFile: '/dev/null' });
  const period = { since: new Date(Date.now() - HOUR_MS), until: new Date(Date.now() + HOUR_MS) };
  const { lines, details } = await source.technical(period);
  expect({ total: lines.total, listed: lines.rows.length }).toEqual({ total: FAILURES, listed: 10_000 });
  expect({ total: details.total, listed: details.rows.length }).toEqual({ total: FAILURES, listed: 100 });

  const maker = { source, version: '0.1.0', now: () => new Date() };
  const report = await generateReport(maker, 'technical', period);
  const sizes: number[] = [];
  for (const format of REPORT_FORMATS) sizes.push((await written(report, format)).length);
  expect(Math.max(...sizes)).toBeLessThan(8 * MB);
  const page = (await written(report, 'html')).toString();
  const omitted = page.match(/[\d,]+ more [^<]*/g);
  expect(omitted).toEqual(['10000 more are not shown in full.', '100 more are not shown.']);
}, 30_000);
