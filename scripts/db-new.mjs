// Writes a migration and its rollback from the difference between the migrations so far and schema.prisma:
// `npm run db:new -- NAME`. Needs the build in dist/ and the development dependencies.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const migrations = join(root, 'prisma', 'migrations');
const require = createRequire(import.meta.url);

try {
  await writeMigration(process.argv[2] ?? '');
} catch (error) {
  console.error(`db:new: ${error.message}`);
  process.exitCode = 1;
}

async function writeMigration(name) {
  if (!/^[a-z][a-z0-9_]{0,60}$/.test(name)) {
    throw new Error(
      'give a name of small letters, digits and underscores: npm run db:new -- add_report_table',
    );
  }
  const { up, down } = await withMigratedDatabase((url) => ({
    up: difference(url, '--from-config-datasource', '--to-schema', 'prisma/schema.prisma'),
    down: difference(url, '--from-schema', 'prisma/schema.prisma', '--to-config-datasource'),
  }));
  if (up === '') throw new Error('schema.prisma says nothing that the migrations do not say already');
  const folder = join(migrations, `${nextNumber()}_${name}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'migration.sql'), `${up}\n`);
  writeFileSync(join(folder, 'down.sql'), `${down}\n`);
  console.log(
    `wrote ${folder}\nRead both scripts, and add by hand what Prisma does not see (checks, triggers, data).`,
  );
}

async function withMigratedDatabase(work) {
  const { startEmbeddedPostgres } = require('../dist/src/embedded/postgres.js');
  const { migrateDeploy } = require('../dist/src/persistence/migrations.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'tinman-db-new-'));
  try {
    const log = { info: () => {}, warn: () => {} };
    const server = await startEmbeddedPostgres({ dataDir, log, settings: { fsync: 'off' } });
    try {
      await migrateDeploy(server.url);
      return work(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The script that leads from one to the other; empty when there is nothing to do. */
function difference(url, ...ends) {
  const cli = join(dirname(require.resolve('prisma/package.json')), 'build', 'index.js');
  const env = { ...process.env, TINMAN_OWNER_DATABASE_URL: url };
  const args = [cli, 'migrate', 'diff', ...ends, '--script'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`prisma migrate diff failed: ${stderr}`);
  return stdout.trim().replace('-- This is an empty migration.', '');
}

function nextNumber() {
  const numbers = readdirSync(migrations).map((entry) => Number.parseInt(entry, 10));
  return String(Math.max(0, ...numbers.filter(Number.isFinite)) + 1).padStart(4, '0');
}
