import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = join(__dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache', 'tinman');
/** Everything a workflow may import (the import rules say so), and the SDK by its lock. */
const SOURCES = ['workflows', 'activities', 'src/domain', 'src/researcher', 'package-lock.json'];

/** The workflow bundle of the sources as they are: made once for their content, kept on disk for all test files and runs. */
export async function workflowBundle(): Promise<{ readonly codePath: string }> {
  const codePath = join(CACHE, `workflow-bundle-${hashOf(SOURCES)}.js`);
  if (!existsSync(codePath)) {
    const logger = new DefaultLogger('WARN');
    const workflowsPath = join(ROOT, 'workflows');
    const workflowInterceptorModules = [join(workflowsPath, 'interceptors')];
    const { code } = await bundleWorkflowCode({ workflowsPath, workflowInterceptorModules, logger });
    mkdirSync(CACHE, { recursive: true });
    const unfinished = `${codePath}.${process.pid}`;
    writeFileSync(unfinished, code);
    renameSync(unfinished, codePath);
  }
  return { codePath };
}

function hashOf(sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of sources.flatMap(filesOf)) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 20);
}

function filesOf(source: string): readonly string[] {
  if (source.endsWith('.json')) return [source];
  return readdirSync(join(ROOT, source), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .map((name) => join(source, name));
}
