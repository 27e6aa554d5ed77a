import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FAILURE_TYPES } from '../../src/domain/taxonomy';
import { TINMAN } from '../support/stack';
import { runProgram } from '../support/stack-program';

jest.setTimeout(60_000);

let cwd: string;
beforeEach(() => void (cwd = mkdtempSync(join(tmpdir(), 'tinman-cli-families-'))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const FAMILY = `failure_type: goal_drift
surface: chat
expected_failure: it drifts
experiments:
  - title: One
    cases: [{ trigger: t, turns: [Sing!], fails_when: { kind: contains, any: [la la] } }]
    controls: [{ turns: [Hi], expects: hello }]
`;
const LISTED = z.object({
  families: z.array(
    z.object({
      type: z.string(),
      experiments: z.number(),
      owasp: z.array(z.string()),
      atlas: z.array(z.string()),
    }),
  ),
});

/** The command of the built package, in a folder of its own. */
async function families(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const env = { PATH: process.env['PATH'] };
  const { code, stdout, stderr } = await runProgram(process.execPath, [TINMAN, 'families', ...args], {
    env,
    cwd,
  });
  return { code, out: stdout, err: stderr };
}

describe('tinman families', () => {
  it('lists every type with the ids of OWASP and MITRE ATLAS', async () => {
    const listed = LISTED.parse(JSON.parse((await families('list', '--json')).out)).families;
    expect(listed.map(({ type }) => type)).toEqual(FAILURE_TYPES);
    const ids = listed.flatMap(({ owasp, atlas }) => [...owasp, ...atlas]);
    expect(ids.filter((id) => !/^(LLM(0[1-9]|10)|AML\.T\d{4}(\.\d{3})?)$/.test(id))).toEqual([]);
    expect((await families()).out).toMatch(/goal_drift +reasoning +2 /);
  });

  it('adds the folder of the configuration, and refuses it with a mistake', async () => {
    const folder = mkdtempSync(join(cwd, 'own-'));
    const setting = `experiments: { families_dir: ${folder.slice(cwd.length + 1)} }\n`;
    writeFileSync(join(cwd, 'tinman.yaml'), setting);
    writeFileSync(join(folder, 'mine.yaml'), FAMILY);
    expect((await families('list')).out).toMatch(/goal_drift +reasoning +3 /);
    writeFileSync(join(folder, 'mine.yaml'), FAMILY.replace('goal_drift', 'gaol_drift'));
    const refused = await families('list');
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/own-\w+\/mine\.yaml:1:15: failure_type: .*did you mean goal_drift\?/);
  });

  it('checks files by name', async () => {
    writeFileSync(join(cwd, 'good.yaml'), FAMILY);
    writeFileSync(join(cwd, 'bad.yaml'), FAMILY.replace('[la la]', '[]'));
    expect(await families('check', 'good.yaml')).toEqual({
      code: 0,
      out: 'good.yaml is sound: goal_drift, 1 experiments, 1 cases, 1 controls\n',
      err: '',
    });
    const { code, err } = await families('check', 'good.yaml', 'bad.yaml');
    expect(code).toBe(2);
    expect(err).toContain('bad.yaml:6:78: experiments.0.cases.0.fails_when.any:');
  });

  it('writes a JSON Schema', async () => {
    const { out } = await families('schema');
    expect(JSON.parse(out)).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['failure_type', 'experiments']) as unknown,
    });
  });
});
