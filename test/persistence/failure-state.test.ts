import { randomUUID } from 'node:crypto';
import { designedCycle, startStores, STAMP, type StoredWorld } from '../support/stored-cycle';
import { wholeCycle } from '../support/whole-cycle';

let world: StoredWorld;
beforeAll(async () => void (world = await startStores()), 60_000);
afterAll(() => world?.stop());

const stateOf = async (id: string) => {
  const row = await world.prisma.failure.findUniqueOrThrow({ where: { id } });
  return { state: row.state, by: row.stateSetBy, reason: row.stateReason };
};
const resolve = (failureId: string, note = 'rewrote the prompt') =>
  world.stores.failures.resolve({ failureId, by: 'ana', evidence: { note } });
const reopen = (failureId: string) =>
  world.stores.failures.reopen({ failureId, by: 'ben', reason: 'too early' });

describe('a failure that a person resolves', () => {
  it('is resolved once, reopened once, each with who and why, in row and audit log', async () => {
    const { finding } = await wholeCycle(world, 'once');
    const both = await Promise.allSettled([resolve(finding.id), resolve(finding.id)]);
    expect(both.map(({ status }) => status).filter((status) => status === 'fulfilled')).toHaveLength(1);
    await expect(resolve(finding.id)).rejects.toMatchObject({ code: 'state_conflict' });
    expect(await stateOf(finding.id)).toEqual({ state: 'resolved', by: 'ana', reason: 'rewrote the prompt' });
    await reopen(finding.id);
    await expect(reopen(finding.id)).rejects.toMatchObject({ code: 'state_conflict' });
    expect(await stateOf(finding.id)).toEqual({ state: 'open', by: 'ben', reason: 'too early' });
    await resolve(finding.id);
    expect(await world.audited(finding.id, 'failure_resolved')).toBe(2);
    expect(await world.audited(finding.id, 'failure_reopened')).toBe(1);
    await expect(resolve(randomUUID())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is shown resolved only by what is of it and speaks for it', async () => {
    const { finding, simulation } = await wholeCycle(world, 'evidence');
    const other = await wholeCycle(world, 'another target');
    const by = (evidence: Parameters<typeof world.stores.failures.resolve>[0]['evidence']) =>
      world.stores.failures.resolve({ failureId: finding.id, by: 'ana', evidence });
    const refused = { code: 'invalid_arguments' };
    await expect(by({ simulationId: other.simulation.id })).rejects.toMatchObject(refused);
    await expect(by({ simulationId: randomUUID() })).rejects.toMatchObject(refused);
    await expect(by({ deploymentId: randomUUID() })).rejects.toMatchObject(refused);
    await world.prisma.simulation.update({ where: { id: simulation.id }, data: { verdict: 'degraded' } });
    await expect(by({ simulationId: simulation.id })).rejects.toMatchObject({
      ...refused,
      message: `simulation ${simulation.id} is degraded`,
    });
    await world.prisma.simulation.update({ where: { id: simulation.id }, data: { verdict: 'improved' } });
    await by({ simulationId: simulation.id });
    expect(await stateOf(finding.id)).toMatchObject({
      state: 'resolved',
      reason: `simulation ${simulation.id}`,
    });
  });

  it('no longer bars production, and does again when it is reopened', async () => {
    const { finding } = await wholeCycle(world, 'critical');
    await world.prisma.failure.update({ where: { id: finding.id }, data: { severity: 'S4' } });
    const unresolved = async () => (await world.stores.mode.facts()).unresolvedS4;
    expect(await unresolved()).toBe(1);
    await resolve(finding.id);
    expect(await unresolved()).toBe(0);
    await reopen(finding.id);
    expect(await unresolved()).toBe(1);
  });

  it("is known as resolved to later cycles; whose change of its state is no longer the person's", async () => {
    const { finding } = await wholeCycle(world, 'later');
    await resolve(finding.id);
    const [known] = await world.stores.failures.known('later', randomUUID());
    expect(known).toMatchObject({ failureId: finding.id, state: 'resolved' });
    await reopen(finding.id);
    await world.stores.failures.saveDiscovered(
      (await designedCycle(world, 'later')).cycleId,
      [],
      [{ failureId: finding.id, state: 'not_reproduced' }],
      STAMP,
    );
    expect(await stateOf(finding.id)).toEqual({ state: 'not_reproduced', by: null, reason: null });
  });
});
