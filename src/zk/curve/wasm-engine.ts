/**
 * The engine on snarkjs's WebAssembly curve. Everything runs as tasks on a thread of that curve, and
 * each task wipes what it was given. The same bytes come out as from the engine in `engine.ts`.
 */
import type { FastCurve, Step } from '../snark.ts';
import { type CurveEngine, ROOT_EXPONENT } from './engine.ts';
import {
  encodePoint,
  INFINITY,
  POINT_BYTES,
  type Point,
  readBigEndian,
  writeBigEndian,
} from './points.ts';

/** A field element, and a point in Jacobian coordinates, in bytes. */
const FIELD_BYTES = 32;
const JACOBIAN_BYTES = 96;

/** Buckets of a byte: 2^8 Jacobian points, which the multi-exponentiation allocates itself. */
const WINDOW_BITS = 8;
const BUCKET_BYTES = JACOBIAN_BYTES << WINDOW_BITS;

/**
 * The multi-exponentiation of snarkjs's curve, with windows of a byte.
 *
 * @param curve see `fastCurve`; must stay open while the engine is used
 *
 * **Security**: not constant-time: buckets are chosen by the scalars. Scalars, buckets and partial
 *   sums are overwritten in the task; the temporaries of single additions are not, nor are the
 *   copies that a message to another thread makes.
 * **Cost**: one addition for each byte of each scalar, and 510 more for each byte of the width. The
 *   library's own choice, windows of 13 bits for 4,096 points, takes twice the additions for scalars
 *   of two bytes: its buckets cost more than they save.
 */
export function wasmEngine(curve: FastCurve): CurveEngine {
  return {
    name: 'wasm',
    rootCandidates: (values) => powers(curve, values),
    prepare: async (points) => ({ points, bytes: await montgomery(curve, points) }),
    multiply: async ({ points, bytes }, scalars, size) => {
      const [out] = await curve.run(sumSteps(bytes, points.length, scalars, size));
      const sum = out as Uint8Array;
      // This curve marks infinity by a bit that no coordinate has.
      if (((sum[0] as number) & 0x40) !== 0) return INFINITY;
      return {
        x: readBigEndian(sum.subarray(0, FIELD_BYTES)),
        y: readBigEndian(sum.subarray(FIELD_BYTES)),
      };
    },
  };
}

function sumSteps(bases: Uint8Array, count: number, scalars: Uint8Array, size: number): Step[] {
  const [pScalars, pBases, pSum, pPart, pWiped] = [0, 1, 2, 3, 4];
  const steps: Step[] = [
    { cmd: 'ALLOCSET', var: pScalars, buff: scalars },
    { cmd: 'ALLOCSET', var: pBases, buff: bases },
    { cmd: 'ALLOC', var: pSum, len: JACOBIAN_BYTES },
    { cmd: 'ALLOC', var: pPart, len: JACOBIAN_BYTES },
    call('g1m_zero', { var: pSum }),
  ];
  for (let plane = size - 1; plane >= 0; plane--) {
    for (let i = 0; i < WINDOW_BITS; i++)
      steps.push(call('g1m_double', { var: pSum }, { var: pSum }));
    steps.push(
      call(
        'g1m_multiexpAffine_chunk',
        { var: pBases },
        { var: pScalars },
        { val: size },
        { val: count },
        { val: plane * WINDOW_BITS },
        { val: WINDOW_BITS },
        { var: pPart },
      ),
      call('g1m_add', { var: pSum }, { var: pPart }, { var: pSum }),
    );
  }
  steps.push(
    call('g1m_toAffine', { var: pSum }, { var: pPart }),
    call('g1m_LEMtoU', { var: pPart }, { var: pSum }),
    { cmd: 'GET', out: 0, var: pSum, len: POINT_BYTES },
    { cmd: 'SET', var: pScalars, buff: new Uint8Array(scalars.length) },
    { cmd: 'SET', var: pPart, buff: new Uint8Array(JACOBIAN_BYTES) },
    // Memory is handed out like a stack, so this lies where the buckets were.
    { cmd: 'ALLOCSET', var: pWiped, buff: new Uint8Array(BUCKET_BYTES) },
  );
  return steps;
}

/** Affine points in the curve's own form: little-endian Montgomery residues. */
async function montgomery(curve: FastCurve, points: readonly Point[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(points.length * POINT_BYTES);
  points.forEach((point, i) => {
    bytes.set(encodePoint(point), i * POINT_BYTES);
  });
  const [out] = await curve.run([
    { cmd: 'ALLOCSET', var: 0, buff: bytes },
    { cmd: 'ALLOC', var: 1, len: bytes.length },
    call('g1m_batchUtoLEM', { var: 0 }, { val: points.length }, { var: 1 }),
    { cmd: 'GET', out: 0, var: 1, len: bytes.length },
  ]);
  return out as Uint8Array;
}

async function powers(curve: FastCurve, values: readonly bigint[]): Promise<bigint[]> {
  const exponent = new Uint8Array(FIELD_BYTES);
  writeBigEndian(ROOT_EXPONENT, exponent);
  const input = new Uint8Array(values.length * FIELD_BYTES);
  values.forEach((value, i) => {
    writeBigEndian(value, input.subarray(i * FIELD_BYTES, (i + 1) * FIELD_BYTES).fill(0));
    input.subarray(i * FIELD_BYTES, (i + 1) * FIELD_BYTES).reverse();
  });
  const [out] = await curve.run([
    { cmd: 'ALLOCSET', var: 0, buff: input },
    { cmd: 'ALLOCSET', var: 1, buff: exponent.reverse() },
    { cmd: 'ALLOC', var: 2, len: input.length },
    call('f1m_batchToMontgomery', { var: 0 }, { val: values.length }, { var: 0 }),
    ...values.map((_, i) =>
      call(
        'f1m_exp',
        { var: 0, offset: i * FIELD_BYTES },
        { var: 1 },
        { val: FIELD_BYTES },
        { var: 2, offset: i * FIELD_BYTES },
      ),
    ),
    call('f1m_batchFromMontgomery', { var: 2 }, { val: values.length }, { var: 2 }),
    { cmd: 'GET', out: 0, var: 2, len: input.length },
  ]);
  const bytes = out as Uint8Array;
  return values.map((_, i) =>
    readBigEndian(bytes.slice(i * FIELD_BYTES, (i + 1) * FIELD_BYTES).reverse()),
  );
}

const call = (
  fnName: string,
  ...params: readonly (Step & { cmd: 'CALL' })['params'][number][]
): Step => ({
  cmd: 'CALL',
  fnName,
  params,
});
