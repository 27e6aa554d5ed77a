import type { Mode } from './mode';

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
