import { createTargetDirectory } from '../../src/targets';

const local = { kind: 'openai', base_url: 'http://127.0.0.1:1/v1', model: 'tiny' };

function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('the directory of targets', () => {
  it('always has the demo, and what is configured by its name', () => {
    const directory = createTargetDirectory({ local, healthy: { kind: 'demo', faults: [] } }, {});
    expect(directory.names).toEqual(['demo', 'local', 'healthy']);
    expect(directory.get('demo').describe).toMatchObject({ name: 'demo', kind: 'demo', simulated: true });
    expect(directory.get('healthy').describe).toMatchObject({ name: 'healthy', simulated: true });
    expect(directory.get('local').describe).toMatchObject({
      name: 'local',
      kind: 'openai',
      simulated: false,
    });
  });

  it('names the configured targets when asked for another', () => {
    const directory = createTargetDirectory({ local }, {});
    expect(thrownBy(() => directory.get('prod'))).toMatchObject({
      code: 'unknown_target',
      message: 'there is no target prod; configured are demo, local',
    });
  });

  it.each([
    ['no object', 'openai', '/targets/x/kind'],
    ['no kind', { base_url: 'http://a' }, '/targets/x/kind'],
    ['an unknown kind', { kind: 'constructor' }, '/targets/x/kind'],
    ['a field of another type', { ...local, max_output_tokens: 'many' }, '/targets/x/max_output_tokens'],
    ['a field we do not know', { ...local, api_key: 'secret' }, '/targets/x'],
    ['a URL that is none', { ...local, base_url: 'file:///etc' }, '/targets/x/base_url'],
    ['a key that is not set', { ...local, api_key_env: 'NO_SUCH_KEY' }, '/targets/x/api_key_env'],
  ])('refuses settings with %s and says where', (_name, settings, pointer) => {
    const error = thrownBy(() => createTargetDirectory({ x: settings }, {}));
    expect(error).toMatchObject({ code: 'invalid_configuration', details: { pointer } });
  });

  it('takes the key from the environment it is given', () => {
    const keyed = { ...local, api_key_env: 'MY_KEY' };
    expect(createTargetDirectory({ keyed }, { MY_KEY: 'k' }).names).toContain('keyed');
  });
});
