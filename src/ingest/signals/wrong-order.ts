import type { FoundSignal, SignalRule, SignalSettings } from './rule';
import { callEvidence } from './tool-loop';
import type { ToolUse, TraceView } from './trace-view';

/** A tool that was called before, or without, one that its definition or the settings declare it to need. */
export const wrongOrderRule: SignalRule = {
  kind: 'wrong_order',
  exposures: (view, settings) => {
    const declared = declaredIn(view, settings);
    return view.toolUses.filter(({ name }) => declared.has(name)).map(({ name }) => name);
  },
  find: (view, settings) =>
    [...declaredIn(view, settings)].flatMap(([later, needed]) =>
      needed.flatMap((earlier) => violationOf(view.toolUses, earlier, later)),
    ),
};

function declaredIn(view: TraceView, { requires }: SignalSettings): ReadonlyMap<string, readonly string[]> {
  const declared = new Map<string, readonly string[]>();
  for (const [name, tool] of view.offeredTools)
    if (tool.requires.length > 0) declared.set(name, tool.requires);
  for (const [name, needed] of Object.entries(requires)) {
    declared.set(name, [...new Set([...(declared.get(name) ?? []), ...needed])]);
  }
  return declared;
}

function violationOf(uses: readonly ToolUse[], earlier: string, later: string): readonly FoundSignal[] {
  const at = uses.findIndex(({ name }) => name === later);
  const use = uses[at];
  if (use === undefined || uses.slice(0, at).some(({ name, failed }) => name === earlier && !failed))
    return [];
  const after = uses.slice(at + 1).find(({ name, failed }) => name === earlier && !failed);
  return [
    {
      failureType: 'chain_misorder',
      spanId: use.span.spanId,
      scope: later,
      trigger: `${later} without ${earlier}`,
      explanation: `${later} needs ${earlier}, which was called ${after === undefined ? 'at no time' : 'only afterwards'}`,
      oracle: { kind: 'tool_order_violated', earlier, later },
      evidence: [callEvidence(use), ...(after === undefined ? [] : [callEvidence(after)])],
    },
  ];
}
