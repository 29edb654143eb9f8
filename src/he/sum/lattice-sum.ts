/**
 * A running sum of lattice objects as they come off the wire: K places, one object each, every
 * coefficient modulo its prime. This is all that a coordinator does with ciphertexts, and it needs no
 * SEAL: hostile bytes are copied once, checked as a whole, and only then added where they lie.
 *
 * Objects are linear: whatever they are of (ciphertexts, second polynomials, key or decryption shares),
 * their sum is the object of the sum.
 */
import { UsageError } from '../../errors.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { addResidues, checkResidues, residentVectors } from '../../kernel/index.ts';
import { type Polynomials, polynomials } from '../blob.ts';
import {
  checkFound,
  checkHead,
  checkLength,
  type LatticeKind,
  type LatticeRow,
  type LatticeShape,
  latticeHead,
  latticeShape,
} from '../codec.ts';
import type { Context } from '../context.ts';
import { type Handle, sealBehind } from '../handles.ts';
import { ciphertextOf } from '../objects.ts';
import { loadPolynomialsInto } from '../operations.ts';
import { dataPrimes, type ParameterSet } from '../parameters.ts';

/** Sums of objects of one kind, by place. Frozen; what is behind it changes. */
export type LatticeSum = {
  readonly set: ParameterSet;
  readonly kind: LatticeKind;
  /** How many places it has: objects in the vector of each client. */
  readonly count: number;
  /** Overwrites the sums and lets go of them; a second time does nothing. */
  readonly [Symbol.dispose]: () => void;
};

type Inside = {
  readonly shape: LatticeShape;
  /** What the next object must begin with; its index is set for each. */
  readonly head: Uint8Array;
  readonly headView: DataView;
  /** Where an object is copied to, so that nobody changes it between the look and the sum. */
  readonly inbox: Uint8Array;
  /** The rows of the shape with their part of the inbox, and beside them that of each place's sum. */
  readonly rows: readonly { readonly row: LatticeRow; readonly wire: Uint8Array }[];
  readonly sums: readonly (readonly Uint32Array[])[];
  /** All memory that holds anything. */
  readonly memory: readonly Uint32Array[];
};

const insides = new WeakMap<LatticeSum, Inside>();

/**
 * Opens a sum of zeros.
 *
 * @param set from `parameterSet`
 * @param kind of the objects that will be added
 * @param roundId 32 bytes that each of them must carry
 * @param count how many places, 1 to 2^20; an object's index names its place, 0 to count − 1
 * @throws UsageError `wrong-type`, `wrong-length`, `out-of-range`
 *
 * **Cost**: 8 bytes for each coefficient of each place, and one object. That is all that it ever takes.
 * Beyond 4 GiB the sums are plain arrays, and additions go through a scratch.
 */
export function openLatticeSum(
  set: ParameterSet,
  kind: LatticeKind,
  roundId: Uint8Array,
  count: number,
): LatticeSum {
  const shape = latticeShape(set, kind);
  assertInteger('openLatticeSum: count', count, 1, 2 ** 20);
  const head = latticeHead({ kind, set, roundId, index: 0 });
  // One memory for all, so that kernels find both sides of an addition where they are.
  const lengths = new Array<number>(count).fill(2 * shape.coefficients);
  const memory = residentVectors([Math.ceil(shape.length / 4), ...lengths]);
  const [first, ...places] = memory as [Uint32Array, ...Uint32Array[]];
  const inbox = new Uint8Array(first.buffer, first.byteOffset, shape.length);
  const sum: LatticeSum = Object.freeze({
    set,
    kind,
    count,
    [Symbol.dispose]: (): void => {
      if (!insides.delete(sum)) return;
      for (const vector of memory) vector.fill(0);
    },
  });
  insides.set(sum, {
    shape,
    head,
    headView: new DataView(head.buffer),
    inbox,
    rows: shape.rows.map((row) => ({ row, wire: inbox.subarray(row.at, row.end) })),
    sums: places.map((place) =>
      shape.rows.map(({ wordsAt, wordsEnd }) => place.subarray(wordsAt, wordsEnd)),
    ),
    memory,
  });
  return sum;
}

/**
 * Adds an object to the sum of its place, after all that `checkLattice` checks. If it is refused, no
 * sum has changed.
 *
 * @param index the place, 0 to `count` − 1; the object must carry the same
 * @param bytes from anyone; not kept
 * @throws CodecError as `decodeLattice`
 * @throws UsageError `disposed`, `out-of-range`, `wrong-type`
 *
 * **Security**: one object may be added twice: who was counted is the caller's to know.
 * **Cost**: one copy, one pass to check and one to add; nothing of the object's size is allocated.
 */
export function addInto(sum: LatticeSum, index: number, bytes: Uint8Array): void {
  const { shape, head, headView, inbox, rows, sums } = insideOf(sum);
  assertInteger('addInto: index', index, 0, sum.count - 1);
  assertBytes('addInto: bytes', bytes);
  headView.setUint32(head.length - 4, index);
  checkLength(shape, bytes);
  inbox.set(bytes);
  checkHead(shape, head, inbox);
  for (const { row, wire } of rows) checkFound(shape, row, checkResidues(wire, row.prime));
  const place = sums[index] as readonly Uint32Array[];
  rows.forEach(({ row, wire }, i) => {
    addResidues(place[i] as Uint32Array, wire, row.prime);
  });
}

/**
 * The sum of a place: zeros if nothing was added.
 *
 * @param index 0 to `count` − 1
 * @returns a copy, which later additions do not change; each coefficient is below its prime
 * @throws UsageError `disposed`, `out-of-range`, `wrong-type`
 */
export function sumOf(sum: LatticeSum, index: number): Polynomials {
  const { shape, sums } = insideOf(sum);
  assertInteger('sumOf: index', index, 0, sum.count - 1);
  const out = polynomials(shape.coefficients);
  const place = sums[index] as readonly Uint32Array[];
  shape.rows.forEach(({ wordsAt }, i) => {
    out.words.set(place[i] as Uint32Array, wordsAt);
  });
  return out;
}

/**
 * Loads a finished sum of ciphertexts into SEAL.
 *
 * @param context of the sum's parameter set
 * @param scale for `ckks`, that of each ciphertext
 * @returns a handle that the caller disposes of
 * @throws UsageError `wrong-type` for another kind or context; `disposed`, `out-of-range`
 */
export function adoptCiphertext(
  context: Context,
  sum: LatticeSum,
  index: number,
  scale: number = 1,
): Handle<'ciphertext'> {
  const { degree, primes } = context.data;
  const isIts =
    sum.kind === 'ciphertext' &&
    context.scheme === sum.set.scheme &&
    degree === sum.set.degree &&
    primes.join() === dataPrimes(sum.set).join();
  if (!isIts) {
    throw new UsageError(
      'wrong-type',
      `adoptCiphertext: got a sum of kind ${sum.kind} of ${sum.set.name}, expected ciphertexts of the set of the context`,
    );
  }
  const words = sumOf(sum, index);
  const out = ciphertextOf(sealBehind(context));
  try {
    loadPolynomialsInto(out, context, context.data, words, scale);
    return out;
  } catch (error) {
    out[Symbol.dispose]();
    throw error;
  }
}

function insideOf(sum: LatticeSum): Inside {
  const inside = insides.get(sum);
  if (inside === undefined) {
    throw new UsageError(
      'disposed',
      'lattice sum: got one after its disposal, or not from openLatticeSum; expected a live one',
    );
  }
  return inside;
}
