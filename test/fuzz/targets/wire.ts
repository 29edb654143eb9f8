/** Readers of `wire` and `ring`: CBOR, envelopes, bitmaps, Merkle paths, packed vectors. */
import {
  assertCanonicalPacking,
  packedLength,
  packInto,
  unpackInto,
} from '../../../src/ring/packing.ts';
import { fromBitmap, toBitmap } from '../../../src/wire/bitmap.ts';
import { type CborValue, decode, encode } from '../../../src/wire/cbor.ts';
import {
  decodeEnvelope,
  decodeEnvelopeStart,
  digestOfPayload,
  encodeEnvelope,
} from '../../../src/wire/envelope.ts';
import {
  consistencyPath,
  inclusionPath,
  merkleRoot,
  merkleTree,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/wire/merkle.ts';
import { equal, thirtyTwos } from '../samples.ts';
import type { Target } from '../target.ts';

const VALUES: readonly CborValue[] = [
  null,
  [true, false, 0, 23, 24, -1, -24, -25, 255, 256, 65_536, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)],
  ['', 'a', 'é', 'x'.repeat(300), new Uint8Array(0), new Uint8Array(24), new Uint8Array(300)],
  { a: 1, b: [2, { c: new Uint8Array([1, 2, 3]) }], aa: null, '': '', ['__proto__']: 1 },
  [[[[[[[[[[[[[[[0]]]]]]]]]]]]]]],
];

const MESSAGE = {
  phase: 3,
  roundId: new Uint8Array(32).fill(1),
  sender: 300,
  header: encode([new Uint8Array(32), 5]),
  signature: new Uint8Array(64).fill(2),
};
const LIMITS = { header: 100, payload: 2_000 };
const [EMPTY, SHORT, LONG] = [0, 20, 1_000].map((length) =>
  encodeEnvelope({ ...MESSAGE, payload: new Uint8Array(length).fill(7) }),
) as [Uint8Array, Uint8Array, Uint8Array];

const LEAVES = Array.from({ length: 21 }, (_, i) => Uint8Array.of(i, i));
const TREE = merkleTree(LEAVES);

export const wireTargets: readonly Target[] = [
  {
    name: 'wire/cbor',
    covers: ['decode'],
    prepare: () => ({
      samples: VALUES.map(encode),
      read: (bytes) => encode(decode(bytes, { what: 'fuzz', maxBytes: 100_000 })),
    }),
  },
  {
    name: 'wire/envelope',
    covers: ['decodeEnvelope'],
    prepare: () => ({
      samples: [EMPTY, SHORT, LONG],
      read: (bytes) => {
        const read = decodeEnvelope(bytes, LIMITS);
        if (!equal(read.payloadDigest, digestOfPayload(read.payload))) throw new Error('digest');
        return encodeEnvelope(read);
      },
    }),
  },
  {
    name: 'wire/envelope-start',
    covers: ['decodeEnvelopeStart'],
    prepare: () => ({
      samples: [EMPTY, SHORT, LONG],
      read: (bytes) => {
        const start = decodeEnvelopeStart(bytes, LIMITS);
        if (start === undefined) return 'refused';
        const { head, payloadAt, payloadLength } = start;
        const whole = encodeEnvelope({ ...head, payload: new Uint8Array(payloadLength) });
        // What comes behind the start was not looked at.
        whole.set(bytes.subarray(payloadAt, whole.length), payloadAt);
        const shown = Math.min(whole.length, bytes.length);
        return whole.subarray(0, shown).length === bytes.length
          ? whole.subarray(0, shown)
          : 'taken';
      },
    }),
  },
  {
    name: 'wire/bitmap',
    covers: ['fromBitmap'],
    prepare: () => ({
      samples: [toBitmap([], 21), toBitmap([0, 7, 8, 20], 21)],
      read: (bytes) => toBitmap(fromBitmap(bytes, 21, 'fuzz'), 21),
    }),
  },
  {
    name: 'wire/inclusion',
    covers: ['verifyInclusion'],
    prepare: () => {
      const root = merkleRoot(LEAVES);
      const leaf = LEAVES[20] as Uint8Array;
      const honest = Buffer.concat(inclusionPath(TREE, 20));
      return {
        samples: [new Uint8Array(honest)],
        read: (bytes) =>
          verifyInclusion({ root, leaf, index: 20, size: 21, path: thirtyTwos(bytes) })
            ? new Uint8Array(honest)
            : 'refused',
      };
    },
  },
  {
    name: 'wire/consistency',
    covers: ['verifyConsistency'],
    prepare: () => {
      const [firstRoot, secondRoot] = [merkleRoot(LEAVES.slice(0, 13)), merkleRoot(LEAVES)];
      const honest = new Uint8Array(Buffer.concat(consistencyPath(TREE, 13)));
      return {
        samples: [honest],
        read: (bytes) => {
          const path = thirtyTwos(bytes);
          return verifyConsistency({ firstSize: 13, firstRoot, secondSize: 21, secondRoot, path })
            ? honest
            : 'refused';
        },
      };
    },
  },
  {
    name: 'ring/packing',
    covers: ['assertCanonicalPacking'],
    prepare: () => {
      const packed = (vector: Uint32Array): Uint8Array => {
        const out = new Uint8Array(packedLength(vector.length, 21));
        packInto(out, vector, 21);
        return out;
      };
      return {
        samples: [packed(Uint32Array.of(0, 1, 2 ** 21 - 1, 5, 9)), packed(new Uint32Array(5))],
        read: (bytes) => {
          assertCanonicalPacking(bytes, 5, 21);
          const vector = new Uint32Array(5);
          unpackInto(vector, bytes, 21);
          return packed(vector);
        },
      };
    },
    throws: ['CodecError', 'UsageError'],
  },
];
