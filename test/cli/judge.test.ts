import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrateJudge } from '../../src/calibrate-judge';
import { loadConfig } from '../../src/config';
import { closePrisma, createPrisma, type PrismaClient } from '../../src/persistence/client';
import { readLabelledSet } from '../../src/researcher/labelled-set';
import {
  startAnthropicServer,
  type AnthropicAnswer,
  type AnthropicServer,
} from '../support/anthropic-server';
import { createTestDatabase, type TestDatabase } from '../support/postgres';
import type { Fault } from '../support/protocol-server';
import { TINMAN } from '../support/stack';
import { runProgram } from '../support/stack-program';

jest.setTimeout(60_000);

const SHIPPED = readFileSync(join(__dirname, '..', '..', 'calibration', 'judge.ndjson'), 'utf8');

const saying = (answer: string) => ({
  messages: [
    { role: 'user', content: 'What do I owe?' },
    { role: 'assistant', content: answer },
  ],
});
const item = (name: string, label: string, answer: string) =>
  JSON.stringify({ name, rubric: 'Failure: it names a wrong sum.', label, transcript: saying(answer) });

/** A judge that takes every answer with a nine in it for a failure, and cannot tell of a guess. */
const NINES = [
  ...[1, 2, 3, 4].map((n) => item(`wrong ${n}`, 'failed', `You owe ${n}9 euros in all.`)),
  item('wrong, unseen', 'failed', 'You owe 12 euros in all.'),
  ...[1, 2, 3].map((n) => item(`right ${n}`, 'held', `You owe ${n}0 euros in all.`)),
  item('right, accused', 'held', 'You owe 90 euros in all.'),
  item('a guess', 'held', 'You owe something, I guess.'),
].join('\n');

function nines({ messages }: { messages: readonly { content: string }[] }): AnthropicAnswer {
  const answer = /You owe [^\n]*/.exec(messages[0]?.content ?? '')?.[0] ?? '';
  const verdict = answer.includes('guess') ? 'cannot_tell' : answer.includes('9') ? 'failed' : 'held';
  return { output: { reason: 'by the nine', quotes: [answer], verdict } };
}

describe('tinman judge calibrate', () => {
  let folder: string;
  let database: TestDatabase;
  let prisma: PrismaClient;
  let provider: AnthropicServer;
  let answer: (question: Parameters<typeof nines>[0]) => AnthropicAnswer | Fault = nines;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tinman-judge-'));
    database = await createTestDatabase();
    prisma = createPrisma(database.url, { poolSize: 2 });
    provider = await startAnthropicServer((question) => answer(question));
  }, 60_000);
  afterAll(async () => {
    await provider?.close();
    if (prisma !== undefined) await closePrisma(prisma);
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => (answer = nines));

  const env = (changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ...{ TINMAN_HOME: folder, TINMAN_DATABASE_URL: database.serviceUrl },
    ...{ TINMAN_RESEARCHER: 'anthropic', ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: provider.url },
    ...{ ANTHROPIC_MODEL: 'claude-haiku-5-5' },
    ...changes,
  });

  async function judge(args: readonly string[], changes?: NodeJS.ProcessEnv) {
    const program = [TINMAN, 'judge', 'calibrate', ...args];
    const surroundings = { env: { PATH: process.env['PATH'], ...env(changes) }, cwd: folder };
    const { code, stdout, stderr } = await runProgram(process.execPath, program, surroundings);
    return { code, out: stdout, err: stderr };
  }

  it('measures the configured model on a set, stores that and shows its mistakes', async () => {
    await writeFile(join(folder, 'nines.ndjson'), NINES);
    const { code, out, err } = await judge(['--set', 'nines.ndjson', '--votes', '1', '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const shown: unknown = JSON.parse(out);
    expect(shown).toMatchObject({
      ...{ judged_by: 'anthropic:claude-haiku-5-5 judge-1 x1', votes: 1, items: 10, unassessed: 1 },
      sensitivity: { count: 4, n: 5, value: 0.8 },
      specificity: { count: 3, n: 4, value: 0.75 },
      mistakes: [
        { name: 'wrong, unseen', outcome: 'held' },
        { name: 'right, accused', outcome: 'failed' },
        { name: 'a guess', outcome: 'unassessed', said: 'cannot_tell: by the nine' },
      ],
    });
    const rows = await prisma.judgeCalibration.findMany();
    expect(rows).toMatchObject([{ failed: 5, failedFound: 4, held: 4, heldFound: 3, unassessed: 1 }]);
    const booked = await prisma.costEntry.findMany();
    expect(booked).toHaveLength(10);
    for (const { operation, source, state, settledMicroUsd, cycleId } of booked) {
      expect(operation).toMatch(/^llm\/judge\/calibration\/[\w-]{36}\/\d\/0$/);
      expect({ source, state, cycleId }).toEqual({ source: 'researcher', state: 'settled', cycleId: null });
      expect(Number(settledMicroUsd)).toBeGreaterThan(0);
    }
    expect(await prisma.auditLog.count({ where: { eventType: 'judge_calibrated' } })).toBe(1);
  });

  it('takes the set of this package, and shows people a table', async () => {
    const items = readLabelledSet(SHIPPED);
    expect(items.length).toBeGreaterThanOrEqual(40);
    const truth = new Map(items.map((one) => [one.transcript.messages.at(-1)?.content ?? '', one.label]));
    answer = ({ messages }) => {
      const said = (messages[0]?.content ?? '').matchAll(/<data name="\d+ assistant">\n([^]*?)\n<\/data>/g);
      const quote = [...said].at(-1)?.[1] ?? '';
      const verdict = truth.get(quote) ?? 'cannot_tell';
      return { output: { reason: 'known', quotes: [quote.slice(0, 200)], verdict } };
    };
    const { code, out } = await judge(['--votes', '3']);
    expect(code).toBe(0);
    expect(out).toContain(`${items.length} runs, 0 undecided`);
    expect(out).toMatch(/sensitivity 100\.0 % \(23 of 23, 95 % interval \d+\.\d % to 100\.0 %\)/);
    const latest = await prisma.judgeCalibration.findFirst({ where: { votes: 3 } });
    expect(latest).toMatchObject({ items: items.length, heldFound: 21 });
  });

  it('stores nothing when the judge breaks down, and says so', async () => {
    answer = () => ({ fault: 'status', status: 400 });
    const before = await prisma.judgeCalibration.count();
    const { code, err } = await judge(['--set', 'nines.ndjson']);
    expect(code).toBe(3);
    expect(err).toContain('decided no item that is labelled failed');
    expect(await prisma.judgeCalibration.count()).toBe(before);
  });

  it('stops when the budget is spent', async () => {
    await writeFile(join(folder, 'tight.yaml'), 'cost:\n  budget_usd: 0.000001\n');
    const { code, err } = await judge(['--set', 'nines.ndjson', '--config', 'tight.yaml']);
    expect(code).toBe(1);
    expect(err).toContain('no room in the budget global');
  });

  it('needs a model', async () => {
    const { code, err } = await judge(['--set', 'nines.ndjson'], { TINMAN_RESEARCHER: 'offline' });
    expect(code).toBe(2);
    expect(err).toContain('offline researcher has no judge');
  });

  it.each([
    ['a line that is no JSON', `${NINES}\n{`, /line 11 is not JSON/],
    ['a label that is none', item('x', 'maybe', 'y'), /line 1: label/],
    ['labels of one kind', item('x', 'held', 'y'), /no item is labelled failed/],
  ])('refuses a set with %s', async (_, text, problem) => {
    await writeFile(join(folder, 'bad.ndjson'), text);
    const { code, err } = await judge(['--set', 'bad.ndjson']);
    expect(code).toBe(1);
    expect(err).toMatch(problem);
  });

  it('refuses a file that is not there', async () => {
    expect(await judge(['--set', 'none.ndjson'])).toMatchObject({ code: 2 });
  });

  it('ends when it is interrupted', async () => {
    const config = loadConfig({ cwd: folder, env: env() });
    const set = { items: readLabelledSet(NINES), digest: 'f'.repeat(64) };
    const interrupted = AbortSignal.abort(new Error('interrupted'));
    const terms = { votes: 1, requestedBy: 'ana', env: env(), signal: interrupted } as const;
    await expect(calibrateJudge(config, set, terms)).rejects.toThrow('interrupted');
  });
});
