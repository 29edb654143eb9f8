/** A page that proves on its main thread and in a worker of its own. */
import { type Attempts, attempts } from './prover-work.ts';

const inWorker = (): Promise<Attempts> =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/prover-worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`worker: ${message}`));
  });

async function run(): Promise<object> {
  return { page: await attempts(), worker: await inWorker() };
}

const said = await run().catch((error) => ({ error: String(error) }));
const output = document.createElement('output');
output.textContent = JSON.stringify(said);
document.body.append(output);
