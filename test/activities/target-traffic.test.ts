import { inTraffic } from '../../activities/support/target-traffic';
import { createDemoTarget } from '../../src/targets/demo';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('traffic to a target', () => {
  it('keeps a play with load apart from all others, in the order in which they came', async () => {
    const target = createDemoTarget();
    const events: string[] = [];
    const pass = (name: string, alone: boolean): Promise<void> =>
      inTraffic(target, alone, async () => {
        events.push(`${name} begins`);
        await turn();
        events.push(`${name} ends`);
      });
    await Promise.all([
      pass('a', false),
      pass('b', false),
      pass('load', true),
      pass('c', false),
      pass('d', true),
    ]);
    expect(events.slice(0, 2)).toEqual(['a begins', 'b begins']);
    expect(events.slice(4)).toEqual(['load begins', 'load ends', 'c begins', 'c ends', 'd begins', 'd ends']);
  });

  it('goes on after a play that failed, and keeps targets apart', async () => {
    const [one, other] = [createDemoTarget(), createDemoTarget()];
    const failing = inTraffic(one, true, () => Promise.reject(new Error('gone')));
    const beside = inTraffic(other, false, () => Promise.resolve('beside'));
    const after = inTraffic(one, false, () => Promise.resolve('after'));
    await expect(failing).rejects.toThrow('gone');
    expect(await Promise.all([beside, after])).toEqual(['beside', 'after']);
  });
});
