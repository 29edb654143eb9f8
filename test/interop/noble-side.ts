/**
 * One side of a round in a thread without `node:crypto`, as in a browser: noble does everything. The
 * other side is in the test. Only bytes cross.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Setup, ToMain, ToWorker } from './protocol.ts';

const hidden = { value: undefined, configurable: true };
Object.defineProperty(process, 'getBuiltinModule', hidden);

// Imported only now, so that they find the platform as it has become.
const { nodeCrypto } = await import('../../src/internal/platform.ts');
const { ed25519Backend } = await import('../../src/identity/ed25519-backends.ts');
if (nodeCrypto !== undefined || ed25519Backend.name !== 'noble') {
  throw new Error('this thread was meant to have no node:crypto');
}
const { clientsOf, coordinatorOf } = await import('./sides.ts');

const port = parentPort as NonNullable<typeof parentPort>;
const setup = workerData as Setup;
const side = setup.side === 'clients' ? clientsOf(setup) : coordinatorOf(setup);
port.on('message', async ({ call, bytes }: ToWorker) => {
  const answer: ToMain = { call, bytes: await side(bytes) };
  port.postMessage(answer);
});
port.postMessage({ call: 'ready', bytes: new Map() } satisfies ToMain);
