import type { SimulatedTool, TestCase } from './experiment';

/**
 * A test case that also offers those of a target's own tools that are named, so that a replay serves the same ones. A
 * tool that the case brings itself stays as it is.
 */
export function withOwnTools(
  testCase: TestCase,
  own: readonly SimulatedTool[],
  names: readonly string[],
): TestCase {
  const { tools: brought = [] } = testCase;
  const added = own.filter(({ name }) => names.includes(name) && !brought.some((tool) => tool.name === name));
  return added.length === 0 ? testCase : { ...testCase, tools: [...brought, ...added] };
}
