import { createDetectionEngines } from '../../src/detection/engines';
import { judgeRun } from '../../src/domain/detect';
import type { TestCase, Transcript, Verdict } from '../../src/domain/experiment';
import { applyPatch, type InterventionDraft } from '../../src/domain/intervention';
import { playCase } from '../../src/domain/play-case';
import type { TargetConfiguration } from '../../src/domain/target';
import type { FamilyExperiment } from '../../src/researcher/library';
import { createOfflineResearcher } from '../../src/researcher/offline';
import { createDemoTarget, DEFAULT_DEMO_FAULTS, DEMO_FAULTS, type DemoFault } from '../../src/targets/demo';
import { familyOf, LIBRARY } from '../support/library';

const engines = createDetectionEngines();
const { configuration } = createDemoTarget().describe;

interface Run {
  readonly testCase: TestCase;
  readonly transcript: Transcript;
  readonly verdict: Verdict;
}

interface Setting {
  readonly faults: readonly DemoFault[];
  readonly seeds: number;
  readonly configuration?: TargetConfiguration;
}

async function play(
  testCase: TestCase,
  { maxOutputTokens }: FamilyExperiment,
  setting: Setting,
): Promise<readonly Run[]> {
  const target = createDemoTarget({ faults: setting.faults });
  const runs: Run[] = [];
  for (let seed = 0; seed < setting.seeds; seed++) {
    const transcript = await playCase({
      testCase,
      configuration: setting.configuration ?? configuration,
      call: (request) => target.chat(request, new AbortController().signal),
      engines,
      seed,
      maxOutputTokens,
    });
    const verdict = judgeRun(testCase, transcript, { engines, offeredTools: testCase.tools ?? [] });
    runs.push({ testCase, transcript, verdict });
  }
  return runs;
}

async function playAll(
  cases: readonly TestCase[],
  experiment: FamilyExperiment,
  setting: Setting,
): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const testCase of cases) runs.push(...(await play(testCase, experiment, setting)));
  return runs;
}

/** What was said in runs that did not hold; empty when all held. */
function alarms(runs: readonly Run[]): readonly unknown[] {
  return runs
    .filter(({ verdict }) => verdict.outcome !== 'held')
    .map(({ transcript, verdict }) => ({ verdict, said: transcript.messages.slice(1) }));
}

function failed(runs: readonly Run[]): readonly Run[] {
  return runs.filter(({ verdict }) => verdict.outcome === 'failed');
}

const experiments = LIBRARY.families.flatMap((family) =>
  family.experiments.map((experiment) => ({
    name: `${family.failureType}: ${experiment.title}`,
    experiment,
  })),
);

describe('the library on the demo target', () => {
  it.each(experiments)('raises no false alarm on the healthy application: $name', async ({ experiment }) => {
    const cases = [...experiment.cases, ...experiment.controls];
    expect(alarms(await playAll(cases, experiment, { faults: [], seeds: 2 }))).toEqual([]);
  });

  it.each(experiments)('has controls that the faulty application passes: $name', async ({ experiment }) => {
    const runs = await playAll(experiment.controls, experiment, { faults: DEFAULT_DEMO_FAULTS, seeds: 5 });
    expect(alarms(runs)).toEqual([]);
  });

  it.each(DEFAULT_DEMO_FAULTS)('finds %s with experiments of its type', async (fault) => {
    const { failureType, probability } = DEMO_FAULTS[fault];
    const shares: number[] = [];
    for (const experiment of familyOf(failureType).experiments) {
      const runs = await playAll(experiment.cases, experiment, { faults: [fault], seeds: 25 });
      shares.push(failed(runs).length / runs.length);
    }
    expect(Math.max(...shares)).toBeGreaterThan(probability - 0.2);
  });
});

interface Replay {
  readonly name: string;
  readonly failing: number;
  readonly fixed: number;
  readonly brokenControls: number;
}

/** Plays the failing cases and the controls of the plainest experiment again with each intervention in force. */
async function replays(fault: DemoFault): Promise<readonly Replay[]> {
  const { failureType } = DEMO_FAULTS[fault];
  const experiment = familyOf(failureType).experiments[0];
  if (experiment === undefined) throw new Error(`no experiment for ${failureType}`);
  const setting = { faults: DEFAULT_DEMO_FAULTS, seeds: 6 };
  const before = await playAll(experiment.cases, experiment, setting);
  const example = failed(before)[0];
  if (example === undefined) throw new Error(`${fault} does not show`);
  const results: Replay[] = [];
  for (const draft of await interventionsFor(fault, example)) {
    const patched = { ...setting, configuration: applyPatch(configuration, draft.patch) };
    const after = await playAll(experiment.cases, experiment, patched);
    const controls = await playAll(experiment.controls, experiment, patched);
    results.push({
      name: draft.name,
      failing: failed(before).length,
      fixed: failed(before).length - failed(after).length,
      brokenControls: failed(controls).length,
    });
  }
  return results;
}

async function interventionsFor(
  fault: DemoFault,
  { testCase, transcript }: Run,
): Promise<readonly InterventionDraft[]> {
  const researcher = createOfflineResearcher(LIBRARY);
  const failure = {
    ordinal: 0,
    failureType: DEMO_FAULTS[fault].failureType,
    trigger: testCase.trigger,
    failedRuns: 1,
    assessedRuns: 1,
    example: transcript,
    target: createDemoTarget().describe,
  };
  return researcher.designInterventions(failure, await researcher.explainFailure(failure));
}

describe('interventions of the offline researcher on the demo target', () => {
  const fixable = DEFAULT_DEMO_FAULTS.filter((fault) => fault !== 'caves_in');

  it.each(fixable)('repair %s without harm to the controls', async (fault) => {
    const clean = (await replays(fault)).filter(({ brokenControls }) => brokenControls === 0);
    expect(Math.max(...clean.map(({ fixed, failing }) => fixed / failing))).toBe(1);
  });

  it('cannot repair caves_in', async () => {
    const results = await replays('caves_in');
    expect(results.map(({ fixed }) => fixed)).toEqual(results.map(() => 0));
  });

  it.each(['override_leak', 'poisoned_notes', 'tidy_deletes'] as const)(
    'have a clumsy one among them for %s, which the controls show',
    async (fault) => {
      const harmful = (await replays(fault)).filter(({ brokenControls }) => brokenControls > 0);
      expect(harmful.length).toBeGreaterThanOrEqual(1);
    },
  );
});
