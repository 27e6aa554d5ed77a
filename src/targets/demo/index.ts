export { createDemoTarget } from './demo-target';
export {
  DEFAULT_DEMO_FAULTS,
  DEMO_FAULTS,
  DEMO_FAULT_NAMES,
  isDemoFault,
  type DemoFault,
  type FaultChoice,
} from './faults';
export type { Clock } from './load';
export { serveDemoTarget, type DemoServer } from './server';
