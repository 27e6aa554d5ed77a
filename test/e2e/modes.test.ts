import { z } from 'zod';
import { problemIn } from '../api/api-client';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL, until } from './research-client';

jest.setTimeout(120_000);

const Waiting = z.looseObject({ approval_id: z.string(), success: z.literal(false) });

describe('the mode', () => {
  let stack: Stack;
  let client: ResearchClient;
  beforeAll(async () => {
    stack = await startStack();
    client = await ResearchClient.at(stack.url);
  }, 120_000);
  afterAll(() => stack.stop());

  const to = (target_mode: string) => client.api.post('/mode/transition', { target_mode, reason: 'a test' });
  const modeNow = async () => z.looseObject({ mode: z.string() }).parse(await client.get('/mode')).mode;
  /** Past the rules, as nobody but the owner of the database can. */
  const put = (mode: string) => stack.query(`UPDATE mode_state SET mode = $1, version = version + 1`, [mode]);
  const promotion = async () => {
    const answer = await to('production');
    expect(answer.status).toBe(202);
    return Waiting.parse(answer.body).approval_id;
  };

  it('stays lab until a cycle has been completed, and leads to production only over shadow', async () => {
    expect(problemIn(await to('shadow'))).toMatchObject({
      status: 409,
      blocked_reason: 'no research cycle has been completed yet',
    });
    expect(problemIn(await to('production'))).toMatchObject({ status: 409, code: 'transition_not_allowed' });
    await client.ended(await client.start({ ...SMALL, replay_pairs: 10, focus: 'instruction_override' }));
  });

  it('has one winner of a hundred requests at once', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => to('shadow')));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect({ won: count(200), lost: count(409) }).toEqual({ won: 1, lost: 99 });
    expect(await modeNow()).toBe('shadow');
  });

  it('does not become production while an S4 is not resolved', async () => {
    await stack.query(`UPDATE failures SET severity = 'S4'`);
    const barred = problemIn(await to('production'));
    expect(barred.status).toBe(409);
    expect(barred['blocked_reason']).toContain('severity S4');
    await stack.query(`UPDATE failures SET severity = 'S2'`);
  });

  it('does not become production on a decision that nobody proves', async () => {
    const approvalId = await promotion();
    const barred = problemIn(await to('lab'));
    expect(barred.status).toBe(409);
    expect(barred['blocked_reason']).toContain(approvalId);
    expect(problemIn(await client.decide(approvalId, 'approved'))).toMatchObject({
      status: 403,
      code: 'decision_unproven',
    });
    expect((await client.decide(approvalId, 'rejected')).status).toBe(200);
    expect(await modeNow()).toBe('shadow');
  });

  it('is rolled back while a promotion waits, with Temporal stopped; a new one can be asked for', async () => {
    const approvalId = await promotion();
    await stack.temporal.process.kill();
    const { code, stdout } = await stack.cli('mode', 'rollback', '--reason', 'smoke', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      changed: false,
      mode: 'shadow',
      withdrawn_approvals: 1,
      temporal_told: false,
    });
    await stack.temporal.process.restart();
    await until(
      () => client.api.get('/ready'),
      ({ status }) => status === 200,
      60_000,
    );
    expect((await client.decide(approvalId, 'approved')).status).toBe(409);
    const again = await promotion();
    expect(again).not.toBe(approvalId);
    const second = await stack.cli('mode', 'rollback', '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ withdrawn_approvals: 1, temporal_told: true });
  });

  it('goes from production to shadow at once, also with Temporal and the API down', async () => {
    await put('production');
    expect((await to('shadow')).body).toMatchObject({ success: true, from_mode: 'production' });
    await put('production');
    await stack.apis[0]?.process.kill();
    await stack.temporal.process.kill();
    const { stdout } = await stack.cli('mode', 'rollback', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, mode: 'shadow' });
    const [entry] = await stack.query(
      `SELECT emergency, from_mode, reason FROM mode_transitions ORDER BY version DESC LIMIT 1`,
    );
    expect(entry).toEqual({ emergency: true, from_mode: 'production', reason: 'emergency rollback' });
  });
});
