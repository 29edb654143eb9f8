/** What goes wrong in every round of the demo, on purpose. */
import type { ClientId, Signer } from 'veilsum';
import type { Phase } from 'veilsum/coordinator';
import { decodeEnvelope, digestOfPayload, encodeEnvelope, signedContent } from 'veilsum/wire';
import type { Network } from './secure-round.ts';
import { insecureGenerator, permutation } from './seeded.ts';

/** What may befall a client. */
export type Mishap =
  | 'vanishes before share'
  | 'vanishes after share'
  | 'vanishes after mask'
  | 'sends garbage'
  | 'is replayed';

/** The phase whose message a mishap strikes. */
const STRIKES_AT: Readonly<Record<Mishap, Phase>> = {
  'vanishes before share': 'share',
  'vanishes after share': 'mask',
  'vanishes after mask': 'confirm',
  'sends garbage': 'mask',
  'is replayed': 'mask',
};

/** What befalls eight of the clients in every round; seven of them do not see its end. */
export const MISHAPS: readonly Mishap[] = [
  'vanishes before share',
  'vanishes before share',
  'vanishes after share',
  'vanishes after share',
  'vanishes after mask',
  'vanishes after mask',
  'sends garbage',
  'is replayed',
];

/** Deals the mishaps to clients; in a given round it is always the same ones. */
export function mishapsOf(round: number, ids: readonly ClientId[]): ReadonlyMap<ClientId, Mishap> {
  const order = permutation(ids.length, insecureGenerator(4, round));
  return new Map(MISHAPS.map((mishap, i) => [ids[order[i] as number] as ClientId, mishap]));
}

/** The first message that was ever overheard from each client; kept from round to round. */
export type Recordings = Map<ClientId, Uint8Array>;

/** A network on which the mishaps happen. */
export function unreliableNetwork(
  mishaps: ReadonlyMap<ClientId, Mishap>,
  signers: ReadonlyMap<ClientId, Signer>,
  recordings: Recordings,
): Network {
  return async (phase, sender, message) => {
    const recorded = recordings.get(sender) ?? message;
    recordings.set(sender, recorded);
    const mishap = mishaps.get(sender);
    if (mishap === undefined || STRIKES_AT[mishap] !== phase) return [message];
    switch (mishap) {
      case 'sends garbage':
        return [noise(), await truncated(message, signers.get(sender) as Signer)];
      case 'is replayed':
        return [recorded, message];
      default:
        return [];
    }
  };
}

/** Bytes that mean nothing. Nobody has signed them, so nobody can be blamed. */
function noise(): Uint8Array {
  const next = insecureGenerator(5);
  return Uint8Array.from({ length: 1_000 }, () => 256 * next());
}

/** The upload without its last byte, and signed anew: only the sender itself can have done that. */
async function truncated(upload: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const whole = decodeEnvelope(upload, { header: upload.length, payload: upload.length });
  const payload = whole.payload.subarray(0, -1);
  const said = { ...whole, payload, payloadDigest: digestOfPayload(payload) };
  const signature = await signer.sign(signedContent(whole.roundId, whole.phase, said));
  return encodeEnvelope({ ...said, signature });
}
