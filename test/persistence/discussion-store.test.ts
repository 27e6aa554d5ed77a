import { randomUUID } from 'node:crypto';
import { referenceOf } from '../../src/domain/discussion';
import type { DiscussedKind } from '../../src/domain/discussion';
import { readQuestion } from '../../src/domain/discussion-question';
import { createDiscussionStore } from '../../src/persistence/discussion-store';
import type { DiscussionMessage, DiscussionStore } from '../../src/ports/discussions';
import {
  designedCycle,
  discoveredCycle,
  findingOf,
  runOf,
  STAMP,
  startStores,
  type StoredWorld,
} from '../support/stored-cycle';
import { wholeCycle } from '../support/whole-cycle';

let world: StoredWorld;
let store: DiscussionStore;
beforeAll(async () => {
  world = await startStores();
  store = createDiscussionStore(world.prisma);
}, 60_000);
afterAll(() => world?.stop());

const said = (...contents: readonly string[]): readonly DiscussionMessage[] =>
  contents.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content, cites: [] }));
const contentsOf = async (owner: string, session: string, limit = 500) =>
  (await store.recent({ owner, session }, limit)).map(({ content }) => content);

describe('a conversation', () => {
  it('is kept by whose it is and which, the latest last', async () => {
    const cites = ['failure:11111111-0000-4000-8000-000000000000'];
    expect(await store.append({ owner: 'ana', session: 'a' }, said('hello', 'there'))).toBe(2);
    expect(
      await store.append({ owner: 'ana', session: 'a' }, [{ role: 'assistant', content: 'x\u0000y', cites }]),
    ).toBe(3);
    await store.append({ owner: 'ana', session: 'b' }, said('other'));
    await store.append({ owner: 'bob', session: 'a' }, said('his'));
    expect(await contentsOf('ana', 'a')).toEqual(['hello', 'there', expect.stringMatching(/^x.*y$/)]);
    expect(await contentsOf('ana', 'a', 1)).toHaveLength(1);
    expect((await store.recent({ owner: 'ana', session: 'a' }, 1))[0]?.cites).toEqual(cites);
    await store.reset({ owner: 'ana', session: 'a' });
    await store.reset({ owner: 'ana', session: 'a' });
    expect(await contentsOf('ana', 'a')).toEqual([]);
    expect(await contentsOf('ana', 'b')).toEqual(['other']);
    expect(await contentsOf('bob', 'a')).toEqual(['his']);
  });

  it('forgets the oldest beyond 200 messages', async () => {
    const key = { owner: 'ana', session: 'long' };
    const many = Array.from({ length: 150 }, (_, index) => `m${index}`);
    expect(await store.append(key, said(...many))).toBe(150);
    expect(await store.append(key, said(...many.map((each) => `n${each}`)))).toBe(200);
    const kept = await contentsOf('ana', 'long');
    expect([kept[0], kept.at(-1)]).toEqual(['m100', 'nm149']);
  });

  it('forgets what is older than 90 days, in every conversation of who speaks', async () => {
    await store.append({ owner: 'cy', session: 'old' }, said('long ago', 'indeed'));
    await store.append({ owner: 'dan', session: 'old' }, said('long ago'));
    await world.prisma.$executeRaw`
      UPDATE discussion_messages SET created_at = now() - interval '91 days' WHERE session = 'old'`;
    expect(await store.append({ owner: 'cy', session: 'new' }, said('hello'))).toBe(1);
    expect(await contentsOf('cy', 'old')).toEqual([]);
    expect(await contentsOf('dan', 'old')).toEqual(['long ago']);
    expect(await store.append({ owner: 'dan', session: 'old' }, said('again'))).toBe(1);
  });

  it('keeps what is written to it at the same time, each message in a place of its own', async () => {
    const key = { owner: 'ana', session: 'busy' };
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => store.append(key, said(`q${index}`, `a${index}`))),
    );
    const kept = await contentsOf('ana', 'busy');
    expect(kept).toHaveLength(16);
    const answers = kept.filter((_, index) => index % 2 === 1);
    const questions = kept.filter((_, index) => index % 2 === 0);
    expect(answers).toEqual(questions.map((question) => question.replace('q', 'a')));
  });
});

it('finds nothing in an empty database', async () => {
  const { records, totals } = await store.search(readQuestion('what failed?'), []);
  expect(records).toEqual([]);
  expect(totals).toEqual({
    failures: 0,
    openFailures: 0,
    pendingApprovals: 0,
    liveInterventions: 0,
    runningCycles: 0,
  });
});

describe('a search', () => {
  let cycle: Awaited<ReturnType<typeof wholeCycle>>;
  let refund: string;
  const find = (message: string, recalled: readonly string[] = []) =>
    store.search(readQuestion(message), recalled);
  const idsOf = async (message: string, kind: DiscussedKind) =>
    (await find(message)).records.filter((record) => record.kind === kind).map(({ id }) => id);

  /** Failures of a further cycle; their ids. */
  async function discovered(changes: readonly Parameters<typeof findingOf>[2][]): Promise<readonly string[]> {
    const { stores } = world;
    const { cycleId, designs } = await designedCycle(world);
    const [first] = designs;
    const experimentId = first?.id ?? '';
    await stores.experiments.begin(experimentId, 'lab', 2);
    await stores.experiments.recordRuns(experimentId, cycleId, [runOf(experimentId, 0, 'failed')], []);
    await stores.experiments.finish(experimentId, null);
    const findings = changes.map((each) => findingOf(cycleId, experimentId, each));
    await stores.failures.saveDiscovered(cycleId, findings, [], STAMP);
    return findings.map(({ id }) => id);
  }

  beforeAll(async () => {
    cycle = await wholeCycle(world, 'demo');
    [refund = ''] = await discovered([
      {
        ...{ failureType: 'tool_loop', failureClass: 'tool_use', severity: 'S1' },
        ...{ triggerSignature: 'demo/tool_loop/refunds', trigger: 'customers who want refunds' },
      },
    ]);
  });

  it('finds the worst open failures first, with what was tried, where nothing is meant', async () => {
    const { records, meant, totals } = await find('what failed?');
    expect([...meant]).toEqual([]);
    expect(records.map(({ kind }) => kind)).toEqual([
      ...['failure', 'failure', 'intervention', 'simulation', 'cycle', 'cycle', 'budget'],
    ]);
    expect(records[0]).toMatchObject({ id: cycle.finding.id, failedRuns: 1, assessedRuns: 2, quotes: ['5'] });
    expect(records[3]).toMatchObject({
      ...{ interventionId: cycle.intervention.id, failureId: cycle.finding.id },
      result: { verdict: 'improved', failing: { fixed: 5 } },
    });
    expect(records.find(({ id }) => id === cycle.cycleId)).toMatchObject({
      target: 'demo',
      failures: 1,
      hypotheses: 2,
      spentMicroUsd: 1_500_000,
    });
    expect(totals).toEqual({
      failures: 2,
      openFailures: 2,
      pendingApprovals: 0,
      liveInterventions: 0,
      runningCycles: 2,
    });
  });

  it.each([
    ['another form of its words', 'Tell me about a customer wanting a refund'],
    ['its type', 'what about tool_loop'],
  ])('finds a failure by %s', async (_by, message) => {
    const { records, meant } = await find(message);
    expect(records[0]).toMatchObject({ id: refund });
    expect([...meant]).toContain(`failure:${refund}`);
    expect([...meant]).not.toContain(`failure:${cycle.finding.id}`);
  });

  it('finds an intervention by its words and with it the failure behind it', async () => {
    const { meant } = await find('did "count twice" help?');
    expect([...meant]).toContain(`intervention:${cycle.intervention.id}`);
    expect((await idsOf('count twice', 'failure'))[0]).toBe(cycle.finding.id);
  });

  it('finds records by id, whole or by its beginning, of the kind that is named', async () => {
    const id = cycle.finding.id;
    for (const message of [
      id,
      `failure ${id.slice(0, 8)}`,
      `[failure:${id}]`,
      id.slice(0, 13).toUpperCase(),
    ]) {
      expect([...(await find(message)).meant]).toEqual([`failure:${id}`]);
    }
    expect([...(await find(`cycle:${id}`)).meant]).toEqual([]);
    const { meant } = await find(`status of ${cycle.simulation.id} and ${cycle.cycleId}`);
    expect([...meant].toSorted()).toEqual([`cycle:${cycle.cycleId}`, `simulation:${cycle.simulation.id}`]);
    expect((await idsOf(cycle.simulation.id, 'failure'))[0]).toBe(id);
  });

  it('means what was cited before where the question says so', async () => {
    const cited = [`failure:${refund}`, `failure:${randomUUID()}`];
    const { records, meant } = await find('how bad is it?', cited);
    expect(records[0]).toMatchObject({ id: refund });
    expect([...meant]).toContain(`failure:${refund}`);
    expect([...(await find('what failed with sums?', cited)).meant]).not.toContain(`failure:${refund}`);
  });

  it('counts a failure that was found again once, in its latest state', async () => {
    const again = await discoveredCycle(world);
    const { totals, records } = await find('what failed?');
    expect(totals).toMatchObject({ failures: 2, openFailures: 2 });
    const shown = records.filter(({ kind }) => kind === 'failure').map(referenceOf);
    expect(shown).toContain(`failure:${again.finding.id}`);
    await world.stores.failures.resolve({
      failureId: again.finding.id,
      by: 'ana',
      evidence: { note: 'looked at it' },
    });
    expect((await find('what failed?')).totals).toMatchObject({ failures: 2, openFailures: 1 });
  });

  it('has the budgets with what was settled on what', async () => {
    const { records } = await find('what does it cost?');
    expect(records.find(({ kind }) => kind === 'budget')).toMatchObject({
      ...{ scope: 'global', limitMicroUsd: null, settledMicroUsd: 1_500_000, reservedMicroUsd: 0 },
      bySource: [{ source: 'target', micro: 1_500_000, calls: 1 }],
    });
  });

  it('has what is live where that is asked', async () => {
    await world.prisma.deployment.updateMany({ data: { state: 'live', publishedAt: new Date() } });
    const { totals, records } = await find('what is live?');
    expect(totals.liveInterventions).toBe(1);
    expect(records.find(({ kind }) => kind === 'intervention')).toMatchObject({
      ...{ id: cycle.intervention.id, liveOn: ['shadow'] },
    });
  });

  it('takes any words', async () => {
    for (const message of [`' OR 1=1 --`, '%%% ___ \\', '& | ! <-> :* ( )', 'ein Ümläut 😀', '\u0000']) {
      expect((await find(`what failed ${message}`)).totals.failures).toBe(2);
    }
  });

  it('leaves out most of many, and what it reads stays small', async () => {
    await discovered(
      Array.from({ length: 60 }, (_, index) => ({
        triggerSignature: `demo/logic_error/${index}`,
        trigger: `sum number ${index}`,
      })),
    );
    expect(await idsOf('what failed?', 'failure')).toHaveLength(10);
    expect(await idsOf('what about sums?', 'failure')).toHaveLength(10);
    expect((await find('what failed?')).totals.failures).toBe(62);
  });
});
