/** What the threads of `threads.ts` do. */
import { randomBytes } from 'node:crypto';
import { addStreamsInto } from 'veilsum/prg';
import { type Accumulator, createAccumulator } from 'veilsum/secagg';
import { forgetAgreementKeys } from './rehearsal.ts';

/** Forgets the agreement keys that this thread has met; takes seconds. */
export const forget = (): void => forgetAgreementKeys();

let sum: Accumulator = createAccumulator([]);

/** Expands so many masks over so many words and adds them to this thread's vector. */
export function addMasks({
  length,
  masks,
}: {
  readonly length: number;
  readonly masks: number;
}): void {
  if (sum.fields[0]?.length !== length) {
    sum = createAccumulator([{ name: 'update', length, modulusBits: 32 }]);
  }
  const streams = Array.from({ length: masks }, () => ({ key: randomBytes(32), subtract: false }));
  addStreamsInto(sum.sums[0] as Uint32Array, streams);
}
