import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { startStack, type Stack } from '../support/stack';
import { startUntilReady, type StartedProcess } from '../support/stack-process';
import { ResearchClient, until } from './research-client';

jest.setTimeout(120_000);

const LIBRARY = join(__dirname, '..', '..', 'dist', 'src', 'index.js');

/** A heartbeat that is missed, and half a minute in which nobody takes the next attempt; twice that on a busy machine. */
const HEARTBEAT_AND_NOBODY_MS = 80_000;

/** A program with a tool that is better not called twice; it says when the call is under way, which never ends. */
const PROGRAM = `
const { createTinman } = require(${JSON.stringify(LIBRARY)});
void createTinman().then((tinman) => {
  const pay = tinman.tools.register({ name: 'pay', riskLevel: 'low' }, () => {
    process.send({ paying: true });
    return new Promise(() => undefined);
  });
  return tinman.guardedCall(pay);
});
`;

const Executions = z.object({
  items: z.array(
    z.looseObject({ id: z.string(), status: z.string(), result: z.unknown(), error: z.string().nullable() }),
  ),
});

describe('a call of a tool whose process is killed in the middle', () => {
  let stack: Stack;
  let client: ResearchClient;
  beforeAll(async () => {
    stack = await startStack({ settings: { tools: { sql_query: { url_env: 'TINMAN_DATABASE_URL' } } } });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(() => stack?.stop());

  const latest = async (tool: string) => {
    const found = await client.get(`/tools/executions?tool_name=${tool}`);
    return Executions.parse(found).items[0];
  };
  const latestThatIs = (tool: string, ...statuses: string[]) =>
    until(
      () => latest(tool),
      (execution) => execution !== undefined && statuses.includes(execution.status),
      HEARTBEAT_AND_NOBODY_MS,
    );

  it('is made again where twice is as good as once', async () => {
    const sql = 'SELECT 7 AS n FROM pg_sleep(3)';
    expect(await client.api.post('/tools/sql_query/execute?wait=0', { arguments: { sql } })).toMatchObject({
      status: 202,
    });
    await latestThatIs('sql_query', 'running');
    const [worker] = stack.workers;
    await worker?.kill();
    expect((await latest('sql_query'))?.status).toBe('running');
    await worker?.restart();
    const ended = await latestThatIs('sql_query', 'succeeded', 'failed', 'refused', 'unknown');
    expect(ended).toMatchObject({ status: 'succeeded', result: { rows: [[7]] } });
  });

  it('is unknown where it is not, and is not made again', async () => {
    const file = join(stack.home, 'program.cjs');
    await writeFile(file, PROGRAM);
    let program: StartedProcess | undefined;
    try {
      const { TINMAN_TEST_POSTGRES_URL: _server, ...inherited } = process.env;
      const started = await startUntilReady([file], {
        env: {
          ...inherited,
          TINMAN_HOME: stack.home,
          TINMAN_CONFIG: join(stack.home, 'tinman.yaml'),
          TINMAN_DATABASE_URL: stack.serviceDatabaseUrl,
          TEMPORAL_ADDRESS: stack.temporal.address,
        },
        cwd: stack.home,
        log: () => undefined,
      });
      program = started.process;
      expect(started.message).toEqual({ paying: true });
      expect((await latest('pay'))?.status).toBe('running');
      process.kill(program.pid, 'SIGKILL');
      await program.exited;
      const ended = await latestThatIs('pay', 'succeeded', 'failed', 'refused', 'unknown');
      expect(ended?.status).toBe('unknown');
    } finally {
      await program?.stop();
    }
    const audited = await stack.query<{ event_type: string }>(
      `SELECT event_type FROM audit_logs JOIN tool_executions t ON subject_id = t.id::text
       WHERE t.tool_name = 'pay' ORDER BY audit_logs.created_at`,
    );
    expect(audited.map(({ event_type }) => event_type)).toEqual(['tool_requested', 'tool_executed']);
  });
});
