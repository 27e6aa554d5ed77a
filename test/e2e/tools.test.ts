import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { z } from 'zod';
import { problemIn } from '../api/api-client';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, until } from './research-client';

jest.setTimeout(90_000);

const Pending = z.looseObject({ id: z.string(), approval_id: z.string(), status: z.literal('requested') });

describe('a guarded tool', () => {
  let page: Server;
  let pageUrl: string;
  let asked = 0;
  let stack: Stack;
  let client: ResearchClient;
  beforeAll(async () => {
    page = createServer((_request, response) => {
      asked += 1;
      response.end('the page');
    });
    page.listen(0, '127.0.0.1');
    await once(page, 'listening');
    const bound = page.address();
    if (bound === null || typeof bound === 'string') throw new Error('the server has no port');
    const { port } = bound;
    pageUrl = `http://127.0.0.1:${port}/`;
    stack = await startStack({
      settings: {
        tools: { http_get: { allow: [`127.0.0.1:${port}`] }, sql_query: { url_env: 'TINMAN_DATABASE_URL' } },
      },
    });
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    page.close();
  });

  const put = (mode: string) => stack.query('UPDATE mode_state SET mode = $1, version = version + 1', [mode]);
  const call = (name: string, args: object, headers: Record<string, string> = {}) =>
    client.api.post(`/tools/${name}/execute`, { arguments: args, description: 'a test' }, headers);
  const events = (id: string) =>
    stack.query<{ event_type: string }>(
      'SELECT event_type FROM audit_logs WHERE subject_id = $1 ORDER BY created_at',
      [id],
    );
  const status = async (id: string) =>
    z
      .looseObject({ status: z.string(), error: z.string().nullable() })
      .parse(await client.get(`/tools/executions/${id}`));
  const ended = (id: string) =>
    until(
      () => status(id),
      (found) => !['requested', 'running'].includes(found.status),
    );

  it('is listed with what calling it means', async () => {
    const { tools } = z
      .object({ tools: z.array(z.looseObject({ name: z.string(), risk_level: z.string() })) })
      .parse(await client.get('/tools'));
    expect(tools.map(({ name, risk_level }) => [name, risk_level])).toEqual([
      ['http_get', 'low'],
      ['sql_query', 'medium'],
      ['deploy_intervention', 'medium'],
      ['rollback_intervention', 'low'],
    ]);
  });

  it('of low risk is called at once in lab, once for a key, and recorded', async () => {
    await put('lab');
    const answers = await Promise.all(
      [1, 2, 3].map(() => call('http_get', { url: pageUrl }, { 'idempotency-key': 'k1' })),
    );
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 200,
        body: { status: 'succeeded', tool_name: 'http_get', result: { status: 200, body: 'the page' } },
      });
    }
    expect(asked).toBe(1);
    const { id } = z.looseObject({ id: z.string() }).parse(answers[0]?.body);
    expect((await events(id)).map(({ event_type }) => event_type)).toEqual([
      'tool_requested',
      'tool_executed',
    ]);
    expect(
      problemIn(await call('http_get', { url: 'http://x.y/' }, { 'idempotency-key': 'k1' })),
    ).toMatchObject({
      status: 409,
      code: 'idempotency_conflict',
    });
  });

  it('takes no arguments but its own', async () => {
    expect(problemIn(await call('http_get', { uri: pageUrl }))).toMatchObject({
      status: 422,
      code: 'invalid_arguments',
    });
    expect((await call('no_such_tool', {})).status).toBe(404);
  });

  it('that fails is no success', async () => {
    const failed = problemIn(await call('http_get', { url: 'http://127.0.0.1:1/' }));
    expect(failed).toMatchObject({ status: 502, code: 'tool_failed' });
    expect(failed.detail).toContain('allow list');
    for (const sql of ['SELECT 1; SELECT 2', 'DELETE FROM research_cycles', 'COPY audit_logs TO STDOUT']) {
      expect(problemIn(await call('sql_query', { sql }))).toMatchObject({ status: 502, code: 'tool_failed' });
    }
    expect((await call('sql_query', { sql: 'SELECT 1 AS one, NULL AS none' })).body).toMatchObject({
      result: { columns: ['one', 'none'], rows: [[1, null]], truncated: false },
    });
  });

  it('of medium risk waits for a person in shadow', async () => {
    await put('shadow');
    const waiting = await call('sql_query', { sql: 'SELECT 2 AS two' });
    expect(waiting.status).toBe(202);
    const { id, approval_id: approvalId } = Pending.parse(waiting.body);
    expect((await client.decide(approvalId, 'approved')).status).toBe(200);
    expect(await ended(id)).toMatchObject({ status: 'succeeded', result: { rows: [[2]] } });

    const other = Pending.parse((await call('sql_query', { sql: 'SELECT 3' })).body);
    expect((await client.decide(other.approval_id, 'rejected', 'ben', 'no need')).status).toBe(200);
    expect(await ended(other.id)).toMatchObject({ status: 'refused', error: 'no need' });
  });

  it('whose arguments were changed after they were shown is refused, and that is on record', async () => {
    const { id, approval_id: approvalId } = Pending.parse(
      (await call('sql_query', { sql: 'SELECT 4' })).body,
    );
    await stack.query(`UPDATE tool_executions SET arguments = '{"sql": "SELECT 5"}' WHERE id = $1`, [id]);
    await client.decide(approvalId, 'approved');
    expect(await ended(id)).toMatchObject({ status: 'refused' });
    const all = await stack.query<{ event_type: string }>(
      'SELECT event_type FROM audit_logs WHERE subject_id = ANY($1) ORDER BY created_at',
      [[id, approvalId]],
    );
    expect(all.map(({ event_type }) => event_type)).toEqual(
      expect.arrayContaining(['action_refused', 'tool_refused']),
    );
  });

  it('is assessed anew when the mode changes while it waits', async () => {
    const { id, approval_id: approvalId } = Pending.parse(
      (await call('sql_query', { sql: 'SELECT 6' })).body,
    );
    await put('shadow');
    await client.decide(approvalId, 'approved');
    const again = await until(
      () =>
        stack.query<{ id: string }>(`SELECT id FROM approvals WHERE subject_id = $1 AND state = 'pending'`, [
          id,
        ]),
      (rows) => rows.length === 1,
    );
    await client.decide(again[0]?.id ?? '', 'approved');
    expect(await ended(id)).toMatchObject({ status: 'succeeded' });
  });

  it('without a way back cannot be taken back', async () => {
    await put('lab');
    const { id } = z.looseObject({ id: z.string() }).parse((await call('http_get', { url: pageUrl })).body);
    expect(problemIn(await client.api.post(`/tools/executions/${id}/rollback`, {}))).toMatchObject({
      status: 409,
      code: 'state_conflict',
    });
  });

  it('is called from the command line', async () => {
    const run = await stack.cli('tools', 'run', 'http_get', '--arg', `url=${pageUrl}`, '--json');
    expect(run).toMatchObject({ code: 0 });
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'succeeded' });
    const list = await stack.cli('tools', 'executions', 'list', '--filter', 'status=succeeded');
    expect(list.stdout).toContain('http_get');
    expect((await stack.cli('tools', 'list')).stdout).toContain('sql_query');
  });
});
