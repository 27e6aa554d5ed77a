import { runCli } from '../../src/cli/run';
import { typing } from './typed';

describe('tinman demo-target --faults', () => {
  it.each([
    ['caves_out', 'Unknown fault caves_out'],
    ['caves_in=often', 'Expected names'],
    ['caves_in=1.5', 'Expected names'],
    ['caves_in=-1', 'Expected names'],
    ['caves_in,', 'Expected names'],
  ])('refuses %s', async (faults, problem) => {
    let text = '';
    const output = { isTTY: false, columns: undefined, write: (part: string) => (text += part) };
    const code = await runCli(['demo-target', '--port', '0', '--faults', faults], {
      env: {},
      cwd: __dirname,
      stdout: output,
      stderr: output,
      signal: new AbortController().signal,
      mainScript: '',
      notifyParent: () => undefined,
      typedLines: typing(),
      onHangUp: () => undefined,
    });
    expect(code).toBe(2);
    expect(text).toContain(problem);
  });
});
