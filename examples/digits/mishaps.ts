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

/** What befalls eight of the clients in every round. */
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

/** Deals the mishaps to clients; the same ones every time the demo runs. */
export function mishapsOf(round: number, ids: readonly ClientId[]): ReadonlyMap<ClientId, Mishap> {
  const order = permutation(ids.length, insecureGenerator(4, round));
  return new Map(MISHAPS.map((mishap, i) => [ids[order[i] as number] as ClientId, mishap]));
}

/** The first message that anybody overheard from each client; keep it from round to round. */
export type Recordings = Map<ClientId, Uint8Array>;

/** A network on which the mishaps happen. */
export function unreliableNetwork(
  mishaps: ReadonlyMap<ClientId, Mishap>,
  signers: ReadonlyMap<ClientId, Signer>,
  recordings: Recordings,
): Network {
  return async (phase, sender, message) => {
    if (!recordings.has(sender)) recordings.set(sender, message);
    const mishap = mishaps.get(sender);
    if (mishap !== undefined && mishap === VANISHES_WITH[phase]) return [];
    if (mishap === 'sends garbage' && phase === 'mask') {
      return [noise(), await truncated(message, signers.get(sender) as Signer)];
    }
    if (mishap === 'is replayed' && phase === 'mask') {
      return [recordings.get(sender) as Uint8Array, message];
    }
    return [message];
  };
}

/** The phase whose message is the first that does not arrive any more. */
const VANISHES_WITH: { readonly [P in Phase]?: Mishap } = {
  share: 'vanishes before share',
  mask: 'vanishes after share',
  confirm: 'vanishes after mask',
};

/** Bytes that mean nothing: nobody can be blamed for them. */
function noise(): Uint8Array {
  const next = insecureGenerator(5);
  return Uint8Array.from({ length: 1_000 }, () => 256 * next());
}

/** An upload that lacks its last byte, validly signed: only its sender can have made it. */
async function truncated(upload: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const envelope = decodeEnvelope(upload, { header: upload.length, payload: upload.length });
  const payload = envelope.payload.subarray(0, -1);
  const said = { ...envelope, payload, payloadDigest: digestOfPayload(payload) };
  const content = signedContent(said.roundId, said.phase, said);
  return encodeEnvelope({ ...said, signature: await signer.sign(content) });
}
