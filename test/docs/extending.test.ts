import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Api from '../../src/api/app';
import type * as Configuration from '../../src/config';
import type * as Engines from '../../src/detection/engines';
import type * as Detect from '../../src/domain/detect';
import type * as Ingest from '../../src/ingest/parse-traces';
import type * as Providers from '../../src/llm/index';
import type * as Schemas from '../../src/researcher/schemas-detector';
import type * as Targets from '../../src/targets/index';
import { FakeWorld } from '../api/fake-world';
import { runProgram } from '../support/stack-program';
import { transcriptOf } from '../support/transcript';
import { ROOT } from './markdown';
import { applyRecipes, type RecipeTree } from './recipes';

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const { signal } = new AbortController();

jest.setTimeout(90_000);

/** Everything is that of a copy of the sources to which the recipes were applied. */
describe('docs/extending.md', () => {
  let tree: RecipeTree;
  beforeAll(async () => {
    tree = await applyRecipes('docs/extending.md');
  });
  afterAll(() => tree?.remove());
  const at = (path: string) => join(tree.folder, path);

  it('compiles', async () => {
    const args = [TSC, '--noEmit', '-p', 'tsconfig.json'];
    expect(await runProgram(process.execPath, args, { env: process.env, cwd: tree.folder })).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('adds an endpoint that is validated and described', async () => {
    const { createApp, listen } = jest.requireActual<typeof Api>(at('src/api/app.ts'));
    const server = await listen(createApp(new FakeWorld().deps), { host: '127.0.0.1', port: 0 });
    try {
      const answer = await fetch(`${server.url}/taxonomy?class=long_context`);
      expect(await answer.json()).toMatchObject({
        types: expect.arrayContaining([
          { failure_type: 'latent_forgetting', failure_class: 'long_context', severity: 'S3' },
        ]) as unknown,
      });
      expect((await fetch(`${server.url}/taxonomy?class=none`)).status).toBe(422);
      expect(await (await fetch(`${server.url}/openapi.json`)).text()).toContain('"/taxonomy"');
    } finally {
      await server.close();
    }
  });

  it('adds a trace format that is told from the others', () => {
    const { readTraceDocument } = jest.requireActual<typeof Ingest>(at('src/ingest/parse-traces.ts'));
    const record = {
      acme_trace: 'a',
      acme_span: 'b',
      call: 'chat',
      from: '1780000000000000000',
      failed: 'no',
    };
    const { format, traces, rejected } = readTraceDocument(JSON.stringify([record, { acme_span: 'c' }]));
    expect(format).toBe('acme');
    expect(traces[0]?.errorSpans).toMatchObject([{ name: 'chat', statusMessage: 'no' }]);
    expect(rejected).toEqual([{ position: '/1', reason: 'It has no id.' }]);
  });

  it('adds a provider of the researcher', async () => {
    const { LLM_PROVIDERS } = jest.requireActual<{
      LLM_PROVIDERS: Readonly<Record<string, Providers.LlmProvider>>;
    }>(at('src/llm/index.ts'));
    const server = createServer((_request, response) => response.end('{"answer":{"ok":true}}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
    const { loadConfig } = jest.requireActual<typeof Configuration>(at('src/config.ts'));
    const file = join(tree.folder, 'tinman.yaml');
    await writeFile(file, `researcher: gateway\ngateway: { url: '${url}', model: m }\n`);
    expect(loadConfig({ cwd: tree.folder, env: {} })).toMatchObject({
      researcher: 'gateway',
      gateway: { url },
    });
    const llm = LLM_PROVIDERS['gateway']?.create({ url, model: 'm' });
    const question = { system: '', messages: [], answer: { name: 'a', schema: {} }, maxOutputTokens: 10 };
    expect(await llm?.ask(question, signal)).toMatchObject({ output: { ok: true }, usageReported: false });
    expect(await llm?.available(signal)).toBe(true);
    server.close();
    server.closeAllConnections();
  });

  it('adds a kind of target', async () => {
    const { createTargetDirectory } = jest.requireActual<typeof Targets>(at('src/targets/index.ts'));
    const folder = await mkdtemp(join(tmpdir(), 'tinman-mailbox-'));
    const target = createTargetDirectory({ app: { kind: 'mailbox', folder } }, {}).get('app');
    const asking = target.chat({ messages: [{ role: 'user', content: 'Hi' }], maxOutputTokens: 9 }, signal);
    let asked = '';
    while (asked === '') {
      await sleep(5);
      asked = await readFile(join(folder, 'question.json'), 'utf8').catch(() => '');
    }
    await writeFile(join(folder, 'answer.txt'), 'Hello');
    expect(await asking).toMatchObject({ content: 'Hello', model: 'app' });
    expect(asked).toContain('Hi');
    await rm(folder, { recursive: true });
  });

  it('adds a detector', () => {
    const { detectorSchema } = jest.requireActual<typeof Schemas>(at('src/researcher/schemas-detector.ts'));
    const { detect } = jest.requireActual<typeof Detect>(at('src/domain/detect.ts'));
    const { createDetectionEngines } = jest.requireActual<typeof Engines>(at('src/detection/engines.ts'));
    const detector = detectorSchema.parse({ kind: 'longer_than', chars: 5 });
    const context = { engines: createDetectionEngines(), offeredTools: [] };
    const detection = detect(detector, transcriptOf(['much too long']), context);
    expect(detection).toMatchObject({ fired: true, evidence: [{ quote: 'much too long' }] });
    expect(detect(detector, transcriptOf(['short']), context).fired).toBe(false);
  });
});
