import type { AttributeValue } from '../../domain/trace';
import type { OfferedTool } from '../../domain/trace-genai';
import { decoded, firstMember, isAttributeList, member, textOf } from './attribute-view';

/** The names by which definitions declare what must be called before. MCP and the providers know none; these are ours. */
const REQUIRES = ['requires', 'x-requires', 'depends_on', 'dependsOn'];

/** Tool definitions of a list, in the shapes of OpenAI, Anthropic, MCP, Gemini, OpenInference and OpenTelemetry. */
export function offeredToolsOf(list: readonly AttributeValue[]): readonly OfferedTool[] {
  const tools = new Map<string, OfferedTool>();
  for (const item of list.flatMap(flattened)) {
    const tool = offeredToolOf(item);
    if (tool !== null && !tools.has(tool.name)) tools.set(tool.name, tool);
  }
  return [...tools.values()];
}

/** Gemini puts several declarations into one tool; OpenInference wraps each as `tool.json_schema`. */
function flattened(item: AttributeValue): readonly AttributeValue[] {
  const value = decoded(item) ?? null;
  const wrapped = decoded(
    firstMember(member(value, 'tool'), ['json_schema']) ??
      firstMember(value, ['tool.json_schema', 'json_schema']),
  );
  const inner = wrapped ?? value;
  const many = decoded(firstMember(inner, ['functionDeclarations', 'function_declarations']));
  return isAttributeList(many) ? many : [inner];
}

function offeredToolOf(value: AttributeValue): OfferedTool | null {
  const definition = decoded(member(value, 'function')) ?? value;
  const name = textOf(firstMember(definition, ['name']) ?? member(value, 'type'));
  if (name === '') return null;
  const schema = firstMember(definition, [
    'parameters',
    'input_schema',
    'inputSchema',
    'parameters_json_schema',
    'schema',
  ]);
  const annotations = firstMember(definition, ['annotations']) ?? member(value, 'annotations');
  const hint = firstMember(annotations, ['destructiveHint', 'destructive_hint']);
  return {
    name,
    description: textOf(member(definition, 'description')),
    parameters: schema === undefined ? null : textOf(schema),
    destructive: typeof hint === 'boolean' ? hint : null,
    requires: requiresOf(definition, annotations),
  };
}

function requiresOf(definition: AttributeValue, annotations: AttributeValue | undefined): readonly string[] {
  const declared = decoded(firstMember(definition, REQUIRES) ?? firstMember(annotations, REQUIRES));
  const list = isAttributeList(declared) ? declared : [declared];
  return list.flatMap((name) => (typeof name === 'string' && name !== '' ? [name] : []));
}
