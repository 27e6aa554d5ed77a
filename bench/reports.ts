import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { REPORT_FORMATS, REPORT_TYPES } from '../src/domain/report';
import { print } from './report';
import { startSystem, type System } from './system';

const SIZES = [1_000, 10_000] as const;
const TARGET = 'bench';
const CYCLE = { target: TARGET, focus: 'distributional_shift', max_hypotheses: 3, max_experiments: 1 };
const WAIT_SECONDS = 120;
const MS = 1_000;

/** One cycle that finds a failure. */
async function discover({ apiUrl }: System): Promise<void> {
  const response = await fetch(`${apiUrl}/research/cycle?wait=${WAIT_SECONDS}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(CYCLE),
  });
  if (response.status !== 200)
    throw new Error(`the cycle answered ${response.status}: ${await response.text()}`);
}

/** Copies what the cycle found, with its runs, until so many failures are there. */
async function fill(database: Pool, failures: number): Promise<void> {
  const { rowCount } = await database.query(
    `WITH found AS (SELECT count(*)::int AS n FROM failures),
       one AS (SELECT * FROM failures ORDER BY created_at, id LIMIT 1),
       copies AS (
         INSERT INTO failures SELECT copy.* FROM one, generate_series((SELECT n FROM found) + 1, $1) AS number,
           jsonb_populate_record(NULL::failures, to_jsonb(one) || jsonb_build_object(
             'id', gen_random_uuid(), 'trigger_signature', one.trigger_signature || ' ' || number)) AS copy
         RETURNING id)
     INSERT INTO failure_runs SELECT copies.id, r.run_id FROM copies, failure_runs r WHERE r.failure_id = (SELECT id FROM one)`,
    [failures],
  );
  if (rowCount === 0) throw new Error('the cycle found no failure');
}

/** Asks for a report as a user does, and reads it to its end. */
async function measure(system: System, type: string, format: string, failures: number): Promise<void> {
  const startedAt = performance.now();
  const response = await fetch(`${system.apiUrl}/report?type=${type}&format=${format}`);
  if (response.status !== 200)
    throw new Error(`${type} ${format}: ${response.status} ${await response.text()}`);
  const { size: bytes } = await response.blob();
  print({
    case: `${type} ${format} ${failures}`,
    type,
    format,
    failures,
    seconds: (performance.now() - startedAt) / MS,
    bytes,
    api_rss_mb: system.apiRssMb(),
  });
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-bench-'));
  const options = {
    home: join(folder, 'home'),
    latencyMs: 0,
    targets: [TARGET],
    workers: 1,
    maxParallel: 5,
    env,
  };
  const system = await startSystem(options);
  const database = new Pool({ connectionString: system.databaseUrl, max: 1 });
  try {
    await discover(system);
    for (const failures of SIZES) {
      await fill(database, failures);
      for (const type of REPORT_TYPES) {
        for (const format of REPORT_FORMATS) await measure(system, type, format, failures);
      }
    }
  } finally {
    await database.end();
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

void main(process.env);
