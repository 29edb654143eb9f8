/** Recorded rounds with fields under lattice masks, and what the stories read from them and put into them. */
import type { InputsOf, IntegerField, Plan, Signer } from 'veilsum';
import { integer } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { keySumOf } from '../../../src/lattice/opening.ts';
import { addStreamsInto } from '../../../src/prg/chacha20.ts';
import { packedLength, packInto, unpackInto } from '../../../src/ring/packing.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { type Contents, contentsOf } from '../../../src/secagg/client/state.ts';
import { decodeSharesDownlink } from '../../../src/secagg/downlinks.ts';
import { withKeyPairs } from '../../../src/secagg/keys.ts';
import { edgeMask, selfMask } from '../../../src/secagg/masking.ts';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import { type LatticeForm, maskedFields, type Terms } from '../../../src/secagg/terms.ts';
import { decodeEnvelope, type Envelope } from '../../../src/wire/envelope.ts';
import { party, planFor } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';
import { clientAt, closeAny, type Recording, record, stepOf } from '../bad-input/recording.ts';

export type LatticeFields = {
  readonly few: IntegerField;
  /** Two blocks, k ≤ 32; its bits do not fill the last byte. */
  readonly long: IntegerField;
  /** Two planes. */
  readonly wide: IntegerField;
};

const fields: LatticeFields = {
  few: integer({ length: 3, min: -9, max: 90 }),
  long: integer({ length: 2_051, min: -32_768, max: 32_767, mask: 'lattice' }),
  wide: integer({ length: 33, min: 0, max: 2 ** 28, mask: 'lattice' }),
};

export const indexOf = (id: string): number => Number(id.slice('client-'.length));

/** A client's inputs; nobody puts anything into `wide[0]`. */
export const inputsOf = (id: string): InputsOf<LatticeFields> => ({
  few: [indexOf(id), -indexOf(id), 9 * indexOf(id)],
  long: Array.from(
    { length: 2_051 },
    (_, i) => ((i * 7_919 + indexOf(id) * 10_007) % 65_536) - 32_768,
  ),
  wide: Array.from(
    { length: 33 },
    (_, i) => (i * 8_388_593 + (i === 0 ? 0 : indexOf(id))) % 2 ** 28,
  ),
});

/** The exact sums of these clients' inputs. */
export function sumOf(ids: readonly string[]): Readonly<Record<string, readonly number[]>> {
  const all = ids.map(inputsOf);
  return Object.fromEntries(
    (['few', 'long', 'wide'] as const).map((name) => [
      name,
      Array.from(all[0]?.[name] as ArrayLike<number>, (_, i) =>
        all.reduce((sum, input) => sum + (input[name][i] as number), 0),
      ),
    ]),
  );
}

export type LatticeRecording = Recording<LatticeFields>;

/** The one who does it. It vanishes before confirm, so that it need not remember what it said. */
export const CULPRIT = 'client-3';

/** Five people, of whom two may be missing. */
export async function latticeRound(
  vanish: (id: string) => Phase | undefined = () => undefined,
): Promise<LatticeRecording> {
  const people = await party(5);
  const plan: Plan<LatticeFields> = planFor(people, { fields, trust: smallTrust });
  return record(people, plan, inputsOf, vanish);
}

/** What the plan says of its lattice masks. */
export const formOf = (terms: Terms): LatticeForm => terms.lattice as LatticeForm;

export const read = (message: Uint8Array): Envelope =>
  decodeEnvelope(message, { header: 1e6, payload: 1e8 });

/** The vectors of an upload as they travel: fields under masks, the key vector, then hidden words. */
export function vectorsIn({ wire }: Terms, upload: Uint8Array): Uint32Array[] {
  const { payload } = read(upload);
  let at = 0;
  return wire.map(({ length, modulusBits }) => {
    const end = at + packedLength(length, modulusBits);
    const vector = new Uint32Array(length);
    unpackInto(vector, payload.subarray(at, end), modulusBits);
    at = end;
    return vector;
  });
}

/** The payload that {@link vectorsIn} reads; words count modulo their 2^b. */
export function payloadOf({ wire }: Terms, vectors: readonly Uint32Array[]): Uint8Array {
  const parts = wire.map(({ length, modulusBits }, i) => {
    const out = new Uint8Array(packedLength(length, modulusBits));
    packInto(out, vectors[i] as Uint32Array, modulusBits);
    return out;
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** Which of the vectors that travel is the key vector. */
export const keyPlace = ({ wire }: Terms): number => maskedFields(wire).length - 1;

/**
 * The key vector in an upload, by what its client knew before the step: as nobody else can.
 *
 * @param seeds from which of its seeds masks are taken away
 * @throws ProtocolError `lattice-key` if that leaves no key vector
 */
export function keyVectorIn(
  recording: LatticeRecording,
  id: string,
  upload: Uint8Array = recording.phases.mask.uplinks.get(id) as Uint8Array,
  seeds: readonly ('self' | 'masking')[] = ['self', 'masking'],
): Int32Array {
  const terms = termsOf(recording.plan);
  const state = clientAt(recording, 'mask', id);
  const { self, memory, context } = contentsOf(state) as Contents<'mask'>;
  const none = new Uint8Array(0);
  const masks = seeds.includes('self') ? [selfMask(terms, memory.selfSeed, self, context)] : [];
  const downlink = recording.phases.mask.downlinks.get(id) as never;
  const { neighbours } = decodeSharesDownlink(terms, self, downlink);
  withKeyPairs(terms, memory, (_, keys) => {
    for (const { header } of seeds.includes('masking') ? neighbours : []) {
      const peer = memory.peers.find(({ index }) => index === header.sender);
      const edge = { self, peer: header.sender, keys, peerKey: peer?.maskingKey as Uint8Array };
      masks.push(edgeMask(terms, { ...edge, kemCiphertext: none, kemSecret: none, context }));
    }
  });
  const place = keyPlace(terms);
  const key = vectorsIn(terms, upload)[place] as Uint32Array;
  const streams = masks.map((mask) => mask[place] as { key: Uint8Array; subtract: boolean });
  addStreamsInto(
    key,
    streams.map((stream) => ({ key: stream.key, subtract: !stream.subtract })),
  );
  return keySumOf(formOf(terms).layout, key, 1);
}

/** The culprit's upload with its vectors changed, signed as if it were its own. */
export async function forged(
  recording: LatticeRecording,
  change: (vectors: Uint32Array[], terms: Terms) => void,
): Promise<Uint8Array> {
  const terms = termsOf(recording.plan);
  const upload = recording.phases.mask.uplinks.get(CULPRIT) as Uint8Array;
  const vectors = vectorsIn(terms, upload);
  change(vectors, terms);
  return signedUpload(recording, payloadOf(terms, vectors));
}

/** Any payload under the culprit's own header and signature. */
export async function signedUpload(
  { people, plan, phases }: LatticeRecording,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const signer = people.signers.get(CULPRIT) as Signer;
  const { header } = read(phases.mask.uplinks.get(CULPRIT) as Uint8Array);
  const index = indexOf(CULPRIT);
  return (await signMessage(termsOf(plan), 'mask', index, signer, header, payload)).message;
}

/**
 * Goes on with a recorded round from `mask`, in which the coordinator may have taken something in already, until
 * all answers are in; closing it is left to the caller.
 *
 * @param without whose recorded upload is not delivered
 */
export async function untilAnswered(
  recording: LatticeRecording,
  at: coordinator.CoordinatorState<Phase, LatticeFields>,
  without?: string,
): Promise<coordinator.CoordinatorState<'unmask', LatticeFields>> {
  const { phases, inputs } = recording;
  for (const [id, upload] of phases.mask.uplinks) {
    if (id !== without) coordinator.accept(at, upload as never);
  }
  const states = new Map(
    [...phases.confirm.uplinks.keys()].map((id) => [id, clientAt(recording, 'confirm', id)]),
  );
  let closed = closeAny(at);
  for (const phase of PHASES.slice(3)) {
    for (const [id, state] of states) {
      const downlink = closed.downlinks.get(id as never);
      if (downlink === undefined) continue;
      const { next, message } = await stepOf(phase, state, downlink, inputs(id));
      states.set(id, next as never);
      coordinator.accept(closed.next, message as never);
    }
    if (phase !== 'unmask') closed = closeAny(closed.next);
  }
  return closed.next as coordinator.CoordinatorState<'unmask', LatticeFields>;
}
