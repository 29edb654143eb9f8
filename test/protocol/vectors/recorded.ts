/** A recorded round as the material of further vectors: what was said in it, and saying it otherwise. */
import { termsOf } from '../../../src/round/plan.ts';
import type { Phase } from '../../../src/secagg/phases.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import type { Terms } from '../../../src/secagg/terms.ts';
import { decodeEnvelope, type SignedHeader } from '../../../src/wire/envelope.ts';
import type { Actor, Stage } from './stage.ts';
import type { RoundVector } from './types.ts';

export const bytesIn = (text = ''): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** A recorded round with what it was made of. */
export type Recorded = {
  readonly stage: Stage;
  readonly vector: RoundVector;
  readonly terms: Terms;
};

export const recorded = (stage: Stage, vector: RoundVector): Recorded => ({
  stage,
  vector,
  terms: termsOf(stage.plan, stage.beacon),
});

/** The uplink that a client sent in a phase. */
export const uplinkOf = ({ vector }: Recorded, index: number, phase: Phase): Uint8Array =>
  bytesIn(vector.clients[index]?.[phase]?.uplink);

/** What others see of that uplink. */
export function saidBy(of: Recorded, index: number, phase: Phase): SignedHeader {
  const uplink = uplinkOf(of, index, phase);
  const limits = { header: uplink.length, payload: uplink.length };
  return decodeEnvelope(uplink, limits);
}

/** Another header, validly signed by its sender, with the payload digest of what it really said. */
export async function resigned(
  { terms, stage }: Recorded,
  phase: Phase,
  index: number,
  header: Uint8Array,
  payload?: Uint8Array,
): Promise<{ readonly message: Uint8Array; readonly said: SignedHeader }> {
  const { signer } = stage.actors[index] as Actor;
  return signMessage(terms, phase, index, signer, header, payload);
}

export const flipped = (bytes: Uint8Array, at = 0): Uint8Array => {
  const out = bytes.slice();
  out[at] = (out[at] as number) ^ 1;
  return out;
};

/** A changed downlink, and the code with which it must be refused. */
export type Case = readonly [what: string, code: string, downlink: Uint8Array];
