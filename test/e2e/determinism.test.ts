import { setTimeout as sleep } from 'node:timers/promises';
import { demoOverTheWire, startDemoOverTheWire } from '../support/demo-over-the-wire';
import type { OpenAiServer } from '../support/openai-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient } from './research-client';

jest.setTimeout(120_000);

/** Some always show, some in part of the conversations. */
const FAULTS = {
  tidy_deletes: 0.5,
  override_leak: 0.5,
  poisoned_notes: 0.3,
  story_leak: 1,
  obeys_documents: 0.3,
  decimal_versions: 1,
};
/** More types than one cycle takes, so that the second goes by what the first has learnt; runs enough to stop early. */
const REQUEST = {
  target: 'wire',
  max_hypotheses: 8,
  max_experiments: 1,
  runs_per_experiment: 12,
  replay_pairs: 5,
};
/** Of experiments and of runs at once, in the two worlds. */
const IN_PARALLEL = [1, 9] as const;
const LONGEST_MS = 12;

/** Ids, and how long something took or when it was. */
const ID_OR_TIME = /^(?:id|\w+_ids?)$|_(?:at|ms|seconds)$/;

function withoutIdsAndTimes(json: string): string {
  return JSON.stringify(
    JSON.parse(json, (key, value: unknown) => (ID_OR_TIME.test(key) ? undefined : value)),
    null,
    1,
  );
}

describe('two worlds with the same target, where answers arrive in another order', () => {
  let target: OpenAiServer;
  const stacks: Stack[] = [];
  /** World by world, what the command line exports of each of its two cycles. */
  const exported: (readonly string[])[] = [];

  beforeAll(async () => {
    target = await startDemoOverTheWire(FAULTS, () => sleep(Math.random() * LONGEST_MS, undefined));
    for (const parallel of IN_PARALLEL) {
      const temporal = stacks[0]?.temporal;
      const stack = await startStack({
        ...(temporal === undefined ? {} : { temporal }),
        settings: {
          targets: { wire: demoOverTheWire(target) },
          experiments: { max_parallel: parallel },
        },
      });
      stacks.push(stack);
      exported.push(await exportsOf(stack));
    }
  }, 300_000);
  afterAll(async () => {
    for (const stack of stacks.toReversed()) await stack.stop();
    await target.close();
  });

  /** Of two cycles one after another: the first knows nothing, the second what the first found. */
  async function exportsOf(stack: Stack): Promise<readonly string[]> {
    const client = await ResearchClient.at(stack.url);
    const documents: string[] = [];
    for (const cycle of [1, 2]) {
      const id = await client.start(REQUEST);
      const ended = await client.ended(id, 120_000);
      if (ended.state !== 'completed') throw new Error(`cycle ${cycle} ${ended.state}: ${ended.error}`);
      const { code, stdout, stderr } = await stack.cli('cycle', 'show', id, '--json');
      if (code !== 0) throw new Error(`cycle ${cycle}: ${stderr}`);
      documents.push(withoutIdsAndTimes(stdout));
    }
    return documents;
  }

  it.each([
    ['first', 0],
    ['second', 1],
  ])('have the same export of their %s cycle, byte for byte', (_name, cycle) => {
    const [one, other] = exported.map((documents) => documents[cycle]);
    expect(other).toBe(one);
    expect(one?.match(/"trigger_signature"/g)?.length).toBeGreaterThan(2);
  });

  it('differ between first and second cycle, which know different things', () => {
    const [first, second] = exported[0] ?? [];
    expect(second).not.toBe(first);
  });
});
