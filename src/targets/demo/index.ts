export { createDemoTarget, DEMO_MODEL } from './demo-target';
export { DEMO_FAULTS, DEMO_FAULT_NAMES, parseDemoFaults, type DemoFault } from './faults';
export { serveDemoTarget, type DemoServer, type DemoServerOptions } from './server';
