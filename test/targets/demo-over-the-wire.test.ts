import { createDetectionEngines } from '../../src/detection/engines';
import { playCase } from '../../src/domain/play-case';
import type { Target } from '../../src/ports/target';
import { createTargetDirectory } from '../../src/targets';
import { createDemoTarget, serveDemoTarget, type DemoServer } from '../../src/targets/demo';
import { LIBRARY } from '../support/library';

const engines = createDetectionEngines();
const local = createDemoTarget();

describe('experiments over the wire', () => {
  let server: DemoServer;
  let remote: Target;
  beforeAll(async () => {
    server = await serveDemoTarget({ port: 0 });
    const settings = { kind: 'openai', base_url: `${server.url}/v1`, model: 'demo-1' };
    remote = createTargetDirectory({ remote: settings }, {}).get('remote');
  });
  afterAll(() => server.close());

  it.each(LIBRARY.families)('go as they do in this process: $failureType', async ({ experiments }) => {
    const [experiment] = experiments;
    for (const testCase of experiment?.cases ?? []) {
      const [here, there] = await Promise.all(
        [local, remote].map((target) =>
          playCase({
            testCase,
            configuration: local.describe.configuration,
            call: (request) => target.chat(request, new AbortController().signal),
            engines,
            seed: 7,
            maxOutputTokens: experiment?.maxOutputTokens ?? 0,
          }),
        ),
      );
      expect(there?.messages).toEqual(here?.messages);
      expect(there?.calls.map(({ finishReason }) => finishReason)).toEqual(
        here?.calls.map(({ finishReason }) => finishReason),
      );
    }
  });
});
