import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Guard, openActiveInterventions, type ActiveInterventions } from '../../src';
import { createLogger } from '../../src/observability/logger';
import { presentRow } from '../../src/persistence/record-presentation';
import { ApiClient } from '../api/api-client';
import { FakeWorld } from '../api/fake-world';

const PATCHES = [
  { type: 'prompt_patch', append: 'Never guess.' },
  { type: 'parameter_change', maxOutputTokens: 300 },
  { type: 'retrieval_change', retrieval: { maxDocuments: 1, fenced: true } },
  {
    type: 'tool_policy',
    rule: { kind: 'max_identical_calls', times: 2, message: 'Enough, max_identical_calls.' },
  },
  { type: 'guardrail', side: 'output', rule: { pattern: 'snake_case', action: 'redact', replacement: '' } },
];
const Line = z.object({ msg: z.string() });
const NOWHERE = { url: 'http://127.0.0.1:1', target: 'shop' };

describe('openActiveInterventions', () => {
  let world: FakeWorld;
  let api: ApiClient;
  let open: ActiveInterventions | undefined;
  const lines: string[] = [];
  beforeAll(() => {
    createLogger({ level: 'info', pretty: false, stream: { write: (line) => void lines.push(line) } });
  });
  beforeEach(async () => {
    lines.length = 0;
    world = new FakeWorld();
    api = await ApiClient.start(world);
  });
  afterEach(async () => {
    open?.close();
    await api.close();
  });
  const publish = (patch: object) =>
    world.active.push(
      presentRow({
        deployment_id: randomUUID(),
        intervention_id: randomUUID(),
        target: 'shop',
        channel: 'production',
        type: 'type' in patch ? patch.type : '',
        patch,
        published_at: new Date(),
      }),
    );
  const connect = (refreshSeconds = 3_600) =>
    openActiveInterventions({ url: `${api.url}/`, target: 'shop', channel: 'production', refreshSeconds });
  const statuses = () => world.samples.map(({ status }) => status);

  it('reads every kind of patch as it was written', async () => {
    for (const patch of PATCHES) publish(patch);
    open = await connect();
    expect(open.current().map(({ patch }) => patch)).toEqual(PATCHES);
    expect(open.readAt).toBeInstanceOf(Date);
    const guard = new Guard({ mode: 'production', interventions: open, report: () => undefined });
    const documents = [
      { title: 'A', text: 'a' },
      { title: 'B', text: 'b' },
    ];
    expect(guard.withDocuments('Which?', documents)).toContain('<document title="A">');
    expect(guard.withDocuments('Which?', documents)).not.toContain('"B"');
    const shadow = new Guard({ mode: 'shadow', interventions: open, report: () => undefined });
    expect(shadow.withDocuments('Which?', documents)).toContain('[2] B');
  });

  it('asks again by itself, and is told when nothing has changed', async () => {
    publish(PATCHES[0] ?? {});
    open = await connect(0.05);
    expect(open.current()).toHaveLength(1);
    publish(PATCHES[1] ?? {});
    const deadline = Date.now() + 5_000;
    while (open.current().length < 2 && Date.now() < deadline) {
      await new Promise((resolve) => void setTimeout(resolve, 10));
    }
    expect(open.current()).toHaveLength(2);
    expect(await open.refresh()).toBe(true);
    expect(statuses()).toContain(304);
  });

  it('goes on with the last answer while there is no other, and says so once', async () => {
    publish(PATCHES[0] ?? {});
    open = await connect();
    world.databaseError = new Error('gone');
    expect(await open.refresh()).toBe(false);
    expect(await open.refresh()).toBe(false);
    expect(open.current()).toHaveLength(1);
    world.databaseError = undefined;
    publish({ type: 'from_a_later_version' });
    expect(await open.refresh()).toBe(false);
    expect(open.current()).toHaveLength(1);
    world.active.length = 0;
    expect(await open.refresh()).toBe(true);
    expect(open.current()).toEqual([]);
    const messages = lines.map((line) => Line.parse(JSON.parse(line)).msg);
    expect(messages).toEqual(['what is live cannot be read', 'what is live can be read again']);
  });

  it('begins with nothing on the channel shadow, and not at all on production', async () => {
    open = await openActiveInterventions({ ...NOWHERE, channel: 'shadow' });
    expect(open.current()).toEqual([]);
    expect(open.readAt).toBeNull();
    await expect(openActiveInterventions({ ...NOWHERE, channel: 'production' })).rejects.toMatchObject({
      code: 'not_ready',
    });
  });

  it('sends its key', async () => {
    world.principals.set('secret', { keyId: 'k', name: 'shop', role: 'viewer' });
    const options = { url: api.url, target: 'shop', channel: 'production' } as const;
    await expect(openActiveInterventions(options)).rejects.toThrow('the API answered 401');
    open = await openActiveInterventions({ ...options, apiKey: 'secret' });
    expect(open.readAt).not.toBeNull();
    expect(lines.join('')).not.toContain('secret');
  });
});
