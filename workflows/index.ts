export { deployIntervention } from './deploy-intervention';
export { executeTool } from './execute-tool';
export { ingestTraces } from './ingest-traces';
export { modeTransition } from './mode-transition';
export { researchCycle } from './research-cycle';
export { scheduledCycle } from './scheduled-cycle';
