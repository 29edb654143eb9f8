/** Section 9: points, bases, commitments and limbs. */
import { expand_message_xmd as expand } from '@noble/curves/abstract/hash-to-curve.js';
import { bn254 } from '@noble/curves/bn254.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { svdw } from '../../reference/svdw.ts';
import type { Field, Round } from './plan.ts';
import { ascii, cat, u32 } from './primitives.ts';

const P = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
const DST = ascii('veilsum-v1-commitment-BN254G1_XMD:SHA-256_SVDW_RO_');

const big = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytes32 = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
const mod = (value: bigint, by: bigint): bigint => ((value % by) + by) % by;

type Point = ReturnType<typeof bn254.G1.Point.fromAffine>;
const made = new Map<string, Point>();

/** A base; its label is public. */
export function base(label: Uint8Array): Point {
  const name = `${label}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const uniform = expand(label, DST, 96, sha256);
  const halves = [uniform.slice(0, 48), uniform.slice(48)].map((half) =>
    bn254.G1.Point.fromAffine(svdw(mod(big(half), P))),
  );
  const point = (halves[0] as Point).add(halves[1] as Point);
  made.set(name, point);
  return point;
}

const times = (point: Point, scalar: bigint): Point =>
  mod(scalar, R) === 0n ? bn254.G1.Point.ZERO : point.multiply(mod(scalar, R));

/** Values in a chunk, G_j, and H. */
type Bases = {
  readonly c: number;
  readonly G: (j: number) => Point;
  readonly H: () => Point;
};

const HASHED: Bases = {
  c: 4096,
  G: (j) => base(cat(ascii('G'), u32(j))),
  H: () => base(ascii('H')),
};

function basesOf({ proven }: Round): Bases {
  if (proven === undefined) return HASHED;
  const { c, ic } = proven.key;
  const at = (k: number): Point => {
    const bytes = ic[k] as Uint8Array;
    return bn254.G1.Point.fromAffine({ x: big(bytes.slice(0, 32)), y: big(bytes.slice(32)) });
  };
  return { c, G: (j) => at(5 + j), H: () => at(4) };
}

/** The points of one vector. */
export function committed(
  values: readonly number[],
  blindings: readonly Uint8Array[],
  { c, G, H }: Bases = HASHED,
): Uint8Array {
  const points = blindings.map((blinding, chunk) => {
    let sum = times(H(), big(blinding));
    for (const [j, value] of values.slice(chunk * c, (chunk + 1) * c).entries()) {
      sum = sum.add(times(G(j), BigInt(value)));
    }
    const { x, y } = sum.toAffine();
    return cat(bytes32(x), bytes32(y));
  });
  return cat(...points);
}

const isNoisy = ({ variances }: Field): boolean => variances.length > 0;

/** How many chunks a field has. */
export const chunks = (round: Round, { d }: Field): number => Math.ceil(d / basesOf(round).c);

/** C: the bytes of one client's commitments; 0 without. */
export const commitmentsLength = (round: Round): number =>
  round.hasCommitments
    ? round.fields.reduce(
        (sum, field) => sum + 64 * chunks(round, field) * (isNoisy(field) ? 2 : 1),
        0,
      )
    : 0;

const limbBits = ({ parameters }: Round): number => 32 - Math.ceil(Math.log2(parameters.n));

/** How long the vector of limbs is. */
export const limbCount = (round: Round): number =>
  Math.ceil(254 / limbBits(round)) *
  round.fields.reduce((sum, field) => sum + chunks(round, field), 0);

/** The whole numbers that a field's exact words are committed to as. */
export function centred({ kind, min, max }: Field, words: readonly number[]): readonly number[] {
  if (kind !== 'integer') return words.map((word) => word | 0);
  let q = 1;
  while (2 ** q < max - min + 1) q++;
  return words.map((word) => word - 2 ** (q - 1));
}

/** Commitments and limbs of a client's encoded vectors and noise, with the blindings of each field given. */
export function commitAll(
  round: Round,
  exact: readonly (readonly number[])[],
  noise: readonly (readonly number[])[],
  blindings: readonly (readonly Uint8Array[])[],
): { readonly commitments: Uint8Array; readonly limbs: readonly number[] } {
  let used = 0;
  const points: Uint8Array[] = [];
  const limbs: number[] = [];
  const beta = BigInt(limbBits(round));
  const bases = basesOf(round);
  for (const [i, field] of round.fields.entries()) {
    const own = blindings[used++] as readonly Uint8Array[];
    points.push(committed(centred(field, exact[i] as number[]), own, bases));
    const others = isNoisy(field) ? (blindings[used++] as readonly Uint8Array[]) : [];
    if (isNoisy(field)) {
      const half = 2 ** (field.b - 1);
      const residues = (noise[i] as number[]).map((e) => {
        const residue = ((e % (2 * half)) + 2 * half) % (2 * half);
        return residue >= half ? residue - 2 * half : residue;
      });
      points.push(committed(residues, others, bases));
    }
    for (const [chunk, blinding] of own.entries()) {
      let sum = mod(big(blinding) + big(others[chunk] ?? Uint8Array.of(0)), R);
      for (let limb = 0; limb < Math.ceil(254 / Number(beta)); limb++) {
        limbs.push(Number(sum % 2n ** beta));
        sum >>= beta;
      }
    }
  }
  return { commitments: cat(...points), limbs };
}
