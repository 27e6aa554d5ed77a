import type { Patch } from './intervention';
import type { Mode } from './mode';
import type { SimulationVerdict } from './simulation';

/** Where applications poll for what is live; each is assessed at least as strictly as the mode of its name. */
export const CHANNELS = ['shadow', 'production'] as const satisfies readonly Mode[];
export type Channel = (typeof CHANNELS)[number];

/** `live` is watched; `kept` came through its watch. Both are served to applications. */
export const DEPLOYMENT_STATES = [
  'requested',
  'live',
  'kept',
  'rolling_back',
  'rolled_back',
  'refused',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/** What publishing an intervention depends on, read at the moment it is judged. */
export interface DeploymentFacts {
  readonly channel: Channel;
  readonly patchType: Patch['type'];
  readonly mode: Mode;
  /** Of those that came to their end the latest; null when none did. */
  readonly simulation: {
    readonly verdict: SimulationVerdict;
    /** False when model or configuration of the target are not what it was replayed on. */
    readonly current: boolean;
  } | null;
  /** An admin publishes it whatever its simulation says. */
  readonly overridden: boolean;
}

/** Why an intervention cannot be published, all reasons at once; empty when it can. The risk policy is asked apart. */
export function whatBars(facts: DeploymentFacts): readonly string[] {
  return [...barredWhatever(facts), ...(facts.overridden ? [] : barredByProof(facts))];
}

function barredWhatever({ patchType, channel, mode }: DeploymentFacts): readonly string[] {
  return [
    ...(patchType === 'architectural_recommendation'
      ? ['it is a recommendation to people, which no machine can apply']
      : []),
    ...(channel === 'production' && mode !== 'production'
      ? [`the channel production needs the mode production, and the mode is ${mode}`]
      : []),
  ];
}

function barredByProof({ simulation }: DeploymentFacts): readonly string[] {
  if (simulation === null) return ['no simulation of it has come to its end'];
  return [
    ...(simulation.verdict === 'improved' ? [] : [`its latest simulation says ${simulation.verdict}`]),
    ...(simulation.current
      ? []
      : [
          'its latest simulation is of another model or configuration of the target, which has changed since',
        ]),
  ];
}
