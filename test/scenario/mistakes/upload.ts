/** What a coordinator sees of a round: every message, and the masked vectors as ring elements. */
import type { Fields, InputsOf, Plan } from 'veilsum';
import { packedLength, unpackInto } from '../../../src/ring/packing.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { type Party, type Played, play } from '../../support/round.ts';

export type Seen<F extends Fields> = Played<F> & {
  /** Every uplink and downlink, as sent. */
  readonly messages: readonly Uint8Array[];
  /** The mask messages by client. */
  readonly uploads: ReadonlyMap<string, Uint8Array>;
};

/** Plays an honest round and keeps what went over the wire. */
export async function watch<F extends Fields>(
  people: Party,
  plan: Plan<F>,
  inputs: (id: string) => InputsOf<F>,
): Promise<Seen<F>> {
  const messages: Uint8Array[] = [];
  const uploads = new Map<string, Uint8Array>();
  const played = await play(people, plan, {
    inputs,
    uplink: (phase, id, message) => {
      messages.push(message);
      if (phase === 'mask') uploads.set(id, message);
      return [message];
    },
    downlink: (_, __, message) => {
      messages.push(message);
      return message;
    },
  });
  return { ...played, messages, uploads };
}

/** The masked vectors of an upload, one a field. */
export function vectorsOf(plan: Plan, upload: Uint8Array): readonly Uint32Array[] {
  const { payload } = decodeEnvelope(upload, { header: 1_000, payload: upload.length });
  let at = 0;
  return plan.shapes.map(({ length, modulusBits }) => {
    const end = at + packedLength(length, modulusBits);
    const vector = new Uint32Array(length);
    unpackInto(vector, payload.subarray(at, end), modulusBits);
    at = end;
    return vector;
  });
}
