/** Envelopes that their sender signed: the one way in which parties of any round speak. */

import {
  digestOfPayload,
  draftEnvelope,
  type Envelope,
  type SignedHeader,
  signedContent,
} from '../wire/envelope.ts';
import { verifySignature } from './ed25519.ts';
import { type Signer, signWith } from './signer.ts';

/**
 * Signs a header and a payload that is written into its place, so that a long one is never copied.
 *
 * @param message who says what, in which phase of which round
 * @param payloadLength below 2^32
 * @param write fills the payload
 * @returns the whole message, and what of it others check
 *
 * **Cost**: one signature, one pass over the payload.
 */
export async function signEnvelope(
  signer: Signer,
  message: Pick<Envelope, 'phase' | 'roundId' | 'sender' | 'header'>,
  payloadLength: number,
  write: (payload: Uint8Array) => void,
): Promise<{ readonly message: Uint8Array; readonly said: SignedHeader }> {
  const { phase, roundId, sender, header } = message;
  const draft = draftEnvelope(message, payloadLength);
  write(draft.payload);
  const unsigned = { sender, header, payloadDigest: digestOfPayload(draft.payload) };
  const signature = await signWith(signer, signedContent(roundId, phase, unsigned));
  draft.signature.set(signature);
  return { message: draft.message, said: { ...unsigned, signature } };
}

/** Whether the owner of this key signed this header in this round and phase. */
export const isEnvelopeSigned = (
  publicKey: Uint8Array,
  roundId: Uint8Array,
  phase: number,
  said: SignedHeader,
): boolean => verifySignature(publicKey, signedContent(roundId, phase, said), said.signature);
