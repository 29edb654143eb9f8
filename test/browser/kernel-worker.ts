/** A browser worker that runs the kernel checks, and masks a vector that is transferred to it. */
import { checkKernel } from '../kernel/agreement.ts';
import { maskAndBack } from './masking.ts';

type Task =
  | { readonly task: 'check' }
  | { readonly task: 'mask'; readonly vector: Uint32Array; readonly keys: readonly Uint8Array[] };

globalThis.onmessage = async ({ data }: MessageEvent<Task>): Promise<void> => {
  try {
    if (data.task === 'check') {
      postMessage({ found: checkKernel() });
      return;
    }
    const found = maskAndBack(data.vector, data.keys);
    postMessage({ found, vector: data.vector }, { transfer: [data.vector.buffer as ArrayBuffer] });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
