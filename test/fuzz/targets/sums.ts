/** Readers of `secagg` that make the sum: uploads, accumulators, shares, pieces of unmask work. */
import * as coordinator from '../../../src/coordinator.ts';
import { integer } from '../../../src/round/fields.ts';
import {
  type Accumulator,
  accumulatorBytes,
  addUpload,
  checkUpload,
  createAccumulator,
  readAccumulator,
} from '../../../src/secagg/accumulator.ts';
import type { Phase } from '../../../src/secagg/phases.ts';
import { type Piece, runPieceInto } from '../../../src/secagg/pieces.ts';
import { combineShares, splitSecret } from '../../../src/secagg/shamir.ts';
import type { FieldShape } from '../../../src/secagg/terms.ts';
import { type CborValue, decode, encode } from '../../../src/wire/cbor.ts';
import { smallTrust } from '../../scenario/bad-input/fixture.ts';
import { coordinatorAt, record } from '../../scenario/bad-input/recording.ts';
import { party, planFor } from '../../support/round.ts';
import { equal, shared, unlessFault } from '../samples.ts';
import type { Target } from '../target.ts';

const FIELDS: readonly FieldShape[] = [
  { name: 'a', length: 5, modulusBits: 20 },
  { name: 'b', length: 3, modulusBits: 32 },
];
const VOTES = { votes: integer({ length: 3, min: 0, max: 9 }) };
const UPLOAD: Uint8Array = new Uint8Array(13 + 12).fill(9, 0, 12);

function filled(): Accumulator {
  const accumulator = createAccumulator(FIELDS);
  addUpload(accumulator, 'upload/0', UPLOAD);
  addUpload(accumulator, 'upload/2', UPLOAD);
  return accumulator;
}

/** A round in which one client is lost, so that there is unmask work of both kinds. */
const played = shared('recording/sums', async () => {
  const people = await party(5);
  const plan = planFor(people, { fields: VOTES, trust: smallTrust, suite: 'x25519-mlkem768' });
  const lost = (id: string): Phase | undefined => (id === 'client-2' ? 'mask' : undefined);
  return record(people, plan, () => ({ votes: [1, 2, 3] }), lost);
});

/** The pieces of the recorded round. */
async function pieces(): Promise<readonly Piece[]> {
  const of = await played();
  const state = coordinatorAt(of, 'unmask');
  for (const message of of.phases.unmask.uplinks.values())
    coordinator.accept(state, message as never);
  return coordinator.unmaskWork(state as never).pieces;
}

/** A piece on its way to another machine, as bytes: the test's own form. */
const packed = ({ weights, ...piece }: Piece): Uint8Array =>
  encode({ ...piece, weights: [...weights] } as unknown as CborValue);

/** The same from bytes; nothing where a type does not fit, which the sender's program sees to. */
function unpacked(bytes: Uint8Array, like: readonly Piece[]): Piece | undefined {
  let value: CborValue;
  try {
    value = decode(bytes, { what: 'piece', maxBytes: 1_000_000 });
  } catch {
    return undefined;
  }
  const piece = value as unknown as Piece;
  const fits = like.some(
    (one) =>
      hasTypes(value, { ...one, weights: [...one.weights] }) &&
      piece.opens.secret === one.opens.secret &&
      (piece.round.suite === 'x25519' || piece.round.suite === 'x25519-mlkem768'),
  );
  if (!fits) return undefined;
  return { ...piece, weights: Uint16Array.from(piece.weights) };
}

/** Whether a value has the keys and types of another; lists may have another length. */
function hasTypes(value: unknown, like: unknown): boolean {
  if (Array.isArray(like)) {
    return Array.isArray(value) && value.every((item) => hasTypes(item, like[0] ?? item));
  }
  if (like instanceof Uint8Array) return value instanceof Uint8Array;
  if (typeof like !== 'object' || like === null) return typeof value === typeof like;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return Object.entries(like).every(([key, of]) =>
    hasTypes((value as Readonly<Record<string, unknown>>)[key], of),
  );
}

export const sumTargets: readonly Target[] = [
  {
    name: 'secagg/upload',
    covers: ['checkUpload', 'addUpload'],
    prepare: () => ({
      samples: [UPLOAD, new Uint8Array(25)],
      read: (bytes) => {
        checkUpload(FIELDS, bytes);
        addUpload(createAccumulator(FIELDS), 'x', bytes);
        return 'taken';
      },
    }),
  },
  {
    name: 'secagg/upload-in-chunks',
    covers: ['feedUpload', 'beginUpload', 'finishUpload'],
    prepare: async () => {
      const of = await played();
      const samples = [...of.phases.mask.uplinks.values()];
      return {
        samples,
        read: (bytes) => {
          const state = coordinatorAt(of, 'mask') as coordinator.CoordinatorState<'mask'>;
          const upload = coordinator.beginUpload(coordinator.openStaging(state, { places: 1 }));
          if (upload === undefined) throw new Error('no place');
          for (let at = 0; at < bytes.length; at += 61) {
            const fault = coordinator.feedUpload(upload, bytes.subarray(at, at + 61));
            if (fault !== undefined) return 'refused';
          }
          const fault = coordinator.finishUpload(upload);
          const whole = coordinator.accept(coordinatorAt(of, 'mask'), bytes as never);
          if ((fault === undefined) !== (whole === undefined)) {
            throw new Error(`in chunks: ${fault?.code}, whole: ${whole?.code}`);
          }
          return unlessFault(
            fault,
            samples.find((sample) => equal(sample, bytes)) ?? new Uint8Array(0),
          );
        },
      };
    },
  },
  {
    name: 'secagg/accumulator',
    covers: ['readAccumulator'],
    prepare: () => ({
      samples: [accumulatorBytes(filled()), accumulatorBytes(createAccumulator(FIELDS))],
      read: (bytes) => accumulatorBytes(readAccumulator(FIELDS, bytes)),
    }),
  },
  {
    name: 'secagg/piece',
    covers: ['runPieceInto'],
    prepare: async () => {
      const honest = await pieces();
      const { fields } = (honest[0] as Piece).round;
      return {
        samples: honest.map(packed),
        read: (bytes) => {
          const piece = unpacked(bytes, honest);
          if (piece === undefined) return 'refused';
          const accumulator = createAccumulator(fields);
          const before = accumulatorBytes(accumulator);
          try {
            runPieceInto(accumulator, piece);
          } catch (error) {
            if (!equal(before, accumulatorBytes(accumulator))) throw new Error('half a piece');
            throw error;
          }
          return 'taken';
        },
      };
    },
    // A piece comes from the caller's own coordinator.
    throws: ['UsageError', 'ProtocolError', 'CapacityError'],
  },
  {
    name: 'secagg/shares',
    covers: ['combineShares'],
    prepare: () => {
      const sharing = { threshold: 3, shares: 5, xs: [1, 2, 3] };
      const values = splitSecret(new Uint8Array(32).fill(8), sharing);
      const honest = encode(values.map((value, i) => [i + 1, value]));
      return {
        samples: [honest],
        read: (bytes) => {
          const list = decode(bytes, { what: 'shares', maxBytes: 10_000 });
          if (!hasTypes(list, [[]])) return 'refused';
          const shares = (list as unknown as readonly (readonly [number, Uint8Array])[]).map(
            ([x, value]) => ({ x, value }),
          );
          if (
            !shares.every(({ x, value }) => typeof x === 'number' && value instanceof Uint8Array)
          ) {
            return 'refused';
          }
          combineShares(shares, sharing);
          return 'taken';
        },
      };
    },
    throws: ['CodecError', 'UsageError', 'CapacityError'],
  },
];
