/** A thread of simulated neighbours. Each is a device of its own, with nothing but HTTP between it and the others. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Agreement } from './agreement.ts';
import { newDevice, takePart } from './device.ts';
import { sketch } from './drawing.ts';

/** What the thread is started with. */
export type ThreadData = {
  readonly server: string;
  readonly agreement: Agreement;
  readonly names: readonly string[];
  /** How many of them lose power in each round, after they have dealt their shares. */
  readonly vanishing: number;
};

const { server, agreement, names, vanishing } = workerData as ThreadData;

/** One neighbour, for good. Whoever has nothing left to spend is followed by somebody new of the same name. */
async function live(name: string, place: number): Promise<void> {
  for (let me = newDevice(name), isThere = true; isThere; ) {
    try {
      const ending = await takePart(me, (theme) => sketch(theme, place), {
        server,
        agreement,
        simulated: true,
        wait: 20,
        tell: (step) => {
          if (step === 'mask' && place < vanishing) throw new Error('the battery is empty');
        },
      });
      if ('refused' in ending) me = newDevice(name);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === 'budget-exceeded') me = newDevice(name);
      isThere = code !== 'closing';
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

await Promise.all(names.map(live));
parentPort?.close();
