/** A claim store that outlives its process, in so far as a test can crash one. */
import type { Claim } from '../../src/client.ts';

/** What is on the disk: it stays when everything else is gone. */
export type Disk = { text: string };

export const emptyDisk = (): Disk => ({ text: '{}' });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Opens the store. Reading and writing are one step; the answer comes later, as a disk's does. */
export function durableClaim(disk: Disk): Claim {
  return async (roundId, phase, digestOfAnswer) => {
    const claimed = JSON.parse(disk.text) as Record<string, string>;
    const key = `${hex(roundId)} ${phase}`;
    const [before, now] = [claimed[key], hex(digestOfAnswer)];
    if (before === undefined) disk.text = JSON.stringify({ ...claimed, [key]: now });
    await Promise.resolve();
    return before === undefined ? 'first' : before === now ? 'same' : 'conflict';
  };
}
