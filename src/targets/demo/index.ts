export { createDemoTarget } from './demo-target';
export { DEMO_FAULTS, DEMO_FAULT_NAMES, type DemoFault } from './faults';
export { serveDemoTarget, type DemoServer } from './server';
