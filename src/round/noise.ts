/**
 * Where noise enters a round: as integers, added to the encoded vector on the client, before masking.
 * So far a plan can only say that it wants none, and has to say so.
 */

/** A plan's noise. */
export type Noise = { readonly kind: 'none' };

/**
 * No noise: the exact sum is revealed. Masks hide who said what; they do not bound what the sum
 * itself gives away about a person, least of all over many rounds.
 */
export const noNoise = (): Noise => Object.freeze({ kind: 'none' });

/** Adds a client's part of the plan's noise to its encoded field, in place. */
export function addNoiseInto(_vector: Uint32Array, noise: Noise): void {
  switch (noise.kind) {
    case 'none':
      return;
  }
}
