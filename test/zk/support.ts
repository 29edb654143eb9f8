/** Both engines for the tests of this room, and the slow sums that they are compared with. */
import type { CurveEngine } from '../../src/zk/curve/engine.ts';
import { nobleEngine } from '../../src/zk/curve/engine.ts';
import { affine, GROUP_ORDER, type Point, projective } from '../../src/zk/curve/points.ts';
import { wasmEngine } from '../../src/zk/curve/wasm-engine.ts';
import { type FastCurve, fastCurve } from '../../src/zk/snark.ts';

/** Fails loudly where snarkjs is not there: the tests must not pass by skipping. */
export async function openCurve(singleThread: boolean = true): Promise<FastCurve> {
  const curve = await fastCurve({ singleThread });
  if (curve === undefined) throw new Error('snarkjs is a dependency of the tests');
  return curve;
}

export const engines = async (): Promise<readonly CurveEngine[]> => [
  nobleEngine,
  wasmEngine(await openCurve()),
];

/** Σ k_i·P_i, one product after the other. */
export function slowSum(points: readonly Point[], scalars: readonly bigint[]): Point {
  let sum = projective({ x: 0n, y: 0n });
  points.forEach((point, i) => {
    sum = sum.add(projective(point).multiplyUnsafe((scalars[i] as bigint) % GROUP_ORDER));
  });
  return affine(sum);
}
