import { ConfigError, loadConfig, type Config } from '../../src/config';

type Env = Readonly<Record<string, string>>;

/** Settings of nothing but an environment. */
function load(env: Env): Config {
  return loadConfig({ cwd: '/nonexistent', env });
}
function mistakesOf(env: Env): readonly string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map(({ message }) => message);
    throw error;
  }
}

const MODEL = { TINMAN_OPENAI_MODEL: 'm' };

describe('the researcher where nobody chose one', () => {
  it.each<[string, Env, Config['researcher']]>([
    ['anthropic before openai', { ...MODEL, ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' }, 'anthropic'],
    ['openai with key and model', { ...MODEL, OPENAI_API_KEY: 'o' }, 'openai'],
    ['openai with base URL and model', { ...MODEL, OPENAI_BASE_URL: 'http://h/v1' }, 'openai'],
    ['openai with a local provider and a model', { ...MODEL, TINMAN_OPENAI_PROVIDER: 'ollama' }, 'openai'],
    ['offline with a key that names no model', { OPENAI_API_KEY: 'o' }, 'offline'],
    ['offline with a model that nobody serves', MODEL, 'offline'],
    ['offline with the key of another provider', { ...MODEL, GROQ_API_KEY: 'g' }, 'offline'],
    ['offline with nothing', {}, 'offline'],
  ])('is %s', (_name, env, researcher) => {
    expect(load(env)).toMatchObject({ researcher, researcherIsChosen: false });
  });

  it('is what was chosen otherwise', () => {
    const both = { ...MODEL, ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' };
    for (const researcher of ['openai', 'anthropic', 'offline']) {
      expect(load({ ...both, TINMAN_RESEARCHER: researcher })).toMatchObject({ researcher });
    }
  });
});

describe('the endpoint of the researcher openai', () => {
  const KEYS = {
    OPENAI_API_KEY: 'key-openai',
    GROQ_API_KEY: 'key-groq',
    OPENROUTER_API_KEY: 'key-openrouter',
    TOGETHER_API_KEY: 'key-together',
  };
  it.each<[provider: string, host: string, key: string | undefined]>([
    ['openai', 'api.openai.com', 'key-openai'],
    ['groq', 'api.groq.com', 'key-groq'],
    ['openrouter', 'openrouter.ai', 'key-openrouter'],
    ['together', 'api.together.xyz', 'key-together'],
    ['ollama', '127.0.0.1', undefined],
    ['vllm', '127.0.0.1', undefined],
    ['llamacpp', '127.0.0.1', undefined],
  ])('is that of %s, and its key goes to no other', (provider, host, key) => {
    const { openai } = load({ ...MODEL, ...KEYS, TINMAN_OPENAI_PROVIDER: provider });
    expect(openai).toMatchObject({ provider, model: 'm', maxOutputTokens: 16_000 });
    expect(new URL(openai?.baseUrl ?? '').hostname).toBe(host);
    expect(openai?.apiKey).toBe(key);
  });

  it("is one's own base URL, which wins over the provider's", () => {
    const url = 'http://gpu:9000/v1';
    expect(load({ ...MODEL, ...KEYS, OPENAI_BASE_URL: url }).openai).toMatchObject({
      provider: 'openai-compatible',
      baseUrl: url,
      apiKey: 'key-openai',
    });
    const local = load({ ...MODEL, ...KEYS, OPENAI_BASE_URL: url, TINMAN_OPENAI_PROVIDER: 'vllm' }).openai;
    expect(local).toEqual({ provider: 'vllm', baseUrl: url, model: 'm', maxOutputTokens: 16_000 });
  });

  it.each<[string, Env, RegExp]>([
    ['a model', { OPENAI_API_KEY: 'o' }, /^openai needs a model; set TINMAN_OPENAI_MODEL$/],
    ['a key', MODEL, /^openai needs OPENAI_API_KEY$/],
    [
      'the key of its provider',
      { ...MODEL, TINMAN_OPENAI_PROVIDER: 'groq', OPENAI_API_KEY: 'o' },
      /^groq needs GROQ_API_KEY$/,
    ],
    ['a URL', { ...MODEL, OPENAI_BASE_URL: 'file:///x' }, /URL/i],
    ['a known provider', { ...MODEL, TINMAN_OPENAI_PROVIDER: 'olama' }, /ollama/],
  ])('lacks %s', (_name, env, message) => {
    const mistakes = mistakesOf({ ...env, TINMAN_RESEARCHER: 'openai' });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(message);
  });
});
