export { researchCycle } from './research-cycle';
