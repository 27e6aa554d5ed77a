import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram, type ProgramEnd } from '../support/stack-program';
import { readDocument, ROOT } from '../docs/markdown';

/** What a program of a user's can import. */
const PACKAGES = ['openai', '@anthropic-ai/sdk', '@types/node', 'undici-types'];
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const STRICT = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--skipLibCheck'];
const MODERN = ['--target', 'es2023', '--lib', 'es2023', '--module', 'node20', '--types', 'node'];

/** A folder of a user's, outside of this repository, with Tinman among its packages. */
export interface Consumer {
  /** Compiles all programs. @throws with what the compiler says. */
  compile(): Promise<void>;
  /** Runs one of them to its end. */
  run(name: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<ProgramEnd>;
  remove(): Promise<void>;
}

/** `programs` are TypeScript modules by their names. */
export async function createConsumer(programs: Readonly<Record<string, string>>): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-consumer-'));
  await writeFile(join(folder, 'package.json'), '{"name": "consumer", "private": true}');
  const modules = join(folder, 'node_modules');
  for (const name of PACKAGES) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  }
  await symlink(ROOT, join(modules, 'tinman'), 'junction');
  for (const [name, text] of Object.entries(programs)) await writeFile(join(folder, `${name}.mts`), text);
  const node = (args: readonly string[], env: NodeJS.ProcessEnv) =>
    runProgram(process.execPath, args, { env, cwd: folder });
  return {
    async compile() {
      const files = Object.keys(programs).map((name) => `${name}.mts`);
      const { code, stdout } = await node([TSC, ...STRICT, ...MODERN, ...files], process.env);
      if (code !== 0) throw new Error(stdout);
    },
    run: (name, env, ...args) => node([`${name}.mjs`, ...args], env),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The blocks of TypeScript in a document, one after the other. */
export function programIn(document: string): string {
  const blocks = readDocument(document).matchAll(/^```ts\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, text]) => text).join('\n');
}
