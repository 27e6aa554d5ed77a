import { createDetectionEngines } from '../../src/detection/engines';
import { DomainError } from '../../src/domain/errors';
import { TOOL_RISK_LEVELS, TOOL_TIMEOUT_LIMIT_MS } from '../../src/domain/tool';
import type { Tool } from '../../src/ports/tool';
import { createTools, ToolRegistry } from '../../src/tools';

const { schemaViolation } = createDetectionEngines();
const registry = createTools(
  { httpGetAllow: ['api.example.com'], sqlQueryUrlEnv: 'READ_URL' },
  { READ_URL: 'postgres://nobody@127.0.0.1:1/none' },
  {
    schemaViolation,
    deployments: () => {
      throw new DomainError('not_ready', 'there is nothing to deploy with');
    },
  },
);

/** Arguments that each tool takes; a tool without an entry fails the suite. */
const ARGUMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  http_get: { url: 'http://other.example.com/' },
  sql_query: { sql: 'SELECT 1' },
  deploy_intervention: {
    intervention_id: '00000000-0000-4000-8000-000000000000',
    channel: 'shadow',
  },
  rollback_intervention: { intervention_id: '00000000-0000-4000-8000-000000000000', reason: 'harm' },
};

const refusalOf = (act: () => unknown): DomainError => {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe.each(registry.descriptions)('the tool $name', (description) => {
  const tool = registry.toolFor(description.name);
  const given = ARGUMENTS[description.name] ?? {};
  const context = { requestedBy: 'ana', executionId: 'x' };

  it('says what it is, and no more than that is shown', () => {
    expect(TOOL_RISK_LEVELS).toContain(description.riskLevel);
    expect(description.description.length).toBeGreaterThan(20);
    expect(tool.timeoutMs).toBeLessThanOrEqual(TOOL_TIMEOUT_LIMIT_MS);
    expect(Object.values(description).some((value) => typeof value === 'function')).toBe(false);
  });

  it('can be taken back exactly if it has a function for that', () => {
    expect(description.reversible).toBe(tool.rollback !== undefined);
    expect(tool.reversible).toBe(description.reversible);
  });

  it('takes its arguments, and refuses others with a pointer to them', () => {
    expect(registry.check(description.name, given)).toEqual(given);
    for (const name of Object.keys(given)) {
      const { [name]: _left, ...rest } = given;
      expect(refusalOf(() => registry.check(description.name, rest)).code).toBe('invalid_arguments');
      const { code, details } = refusalOf(() => registry.check(description.name, { ...given, [name]: 5 }));
      expect({ code, details }).toMatchObject({
        code: 'invalid_arguments',
        details: { errors: [{ in: 'body', pointer: `/arguments/${name}` }] },
      });
    }
    for (const bad of [{ ...given, more: 1 }, [], null, 'text', undefined]) {
      expect(refusalOf(() => registry.check(description.name, bad)).code).toBe('invalid_arguments');
    }
    const [first = ''] = Object.keys(given);
    for (const unstorable of ['a\0b', 'a\ud800b']) {
      const refusal = refusalOf(() => registry.check(description.name, { ...given, [first]: unstorable }));
      expect(refusal.message).toMatch(/NUL or unpaired surrogates/);
    }
    const vast = { ...given, [first]: 'x'.repeat(70_000) };
    expect(refusalOf(() => registry.check(description.name, vast)).message).toMatch(/too large/);
  });

  it('fails, and does not hang, where it cannot do what it is for', async () => {
    const signal = AbortSignal.timeout(5_000);
    await expect(tool.execute(given, { ...context, signal })).rejects.toThrow(/./);
  });
});

describe('the registry of tools', () => {
  const tool = (more: Partial<Tool>): Tool => ({ ...registry.toolFor('http_get'), ...more });
  const added = (more: Partial<Tool>) => () => new ToolRegistry(schemaViolation, [tool({}), tool(more)]);

  it('takes no second tool of a name, no odd name and no endless one', () => {
    expect(added({})).toThrow(/already/);
    expect(added({ name: 'Not A Name' })).toThrow(/cannot be called/);
    for (const timeoutMs of [0, -1, Number.NaN, Infinity, TOOL_TIMEOUT_LIMIT_MS + 1]) {
      expect(added({ name: 'slow', timeoutMs })).toThrow(/may take up to/);
    }
    expect(added({ name: 'other' })().descriptions.map(({ name }) => name)).toEqual(['http_get', 'other']);
  });

  it('names the tools there are when it is asked for another', () => {
    const { code, message } = refusalOf(() => registry.describe('nothing'));
    expect(code).toBe('not_found');
    expect(message).toContain('sql_query');
  });
});
