export { deployIntervention } from './deploy-intervention';
export { modeTransition } from './mode-transition';
export { researchCycle } from './research-cycle';
