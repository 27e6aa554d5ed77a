import { serveDemoTarget } from '../src/targets/demo/server';
import { checkDemoFaults } from '../src/targets/demo/faults';

/** The demo application over HTTP in a process of its own: `node model-server.js FAULTS LATENCY_MS`; tells its URL to the parent. */
async function main(): Promise<void> {
  const [faults = 'none', latencyMs = '0'] = process.argv.slice(2);
  const { url } = await serveDemoTarget({
    host: '127.0.0.1',
    port: 0,
    faults: checkDemoFaults(faults.split(',')),
    latencyMs: Number(latencyMs),
  });
  process.send?.({ url });
  process.once('disconnect', () => process.exit());
}

void main();
