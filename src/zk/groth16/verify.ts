/**
 * Groth16: one proof, or many at once. A verdict for whatever a stranger sends, never an exception.
 *
 *     e(A, B) = e(α, β) · e(vk_x, γ) · e(C, δ)      vk_x = IC_0 + Σ public_k · IC_k
 *
 * **A proof is no name for anything.** From one proof anybody makes others of the same statement:
 * (−A, −B, C) is one. Who must count proofs counts statements, by something in their public inputs.
 */
import { UsageError } from '../../errors.ts';
import type { G1Point, PairingBackend } from './backend.ts';
import { type Claim, falseClaims } from './batch.ts';
import { type Equation, equationsHold, type Term } from './equations.ts';
import { R } from './field.ts';
import { type PreparedKey, preparedKey, type VerifyingKey } from './key.ts';
import { splitProof } from './layout.ts';
import { type PointFault, readG1, readG2 } from './points.ts';

/**
 * Why a statement was not proved. `equation` is an honest encoding of a false proof; all others are
 * encodings that no prover makes.
 */
export type InvalidReason =
  | 'publics-malformed'
  | 'publics-count'
  | 'public-out-of-range'
  | 'proof-malformed'
  | PointFault
  | 'equation';

/** What a verifier says of one statement. */
export type Groth16Verdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly reason: InvalidReason };

/** A statement with its proof. */
export type Groth16Item = {
  readonly publics: readonly bigint[];
  readonly proof: Uint8Array;
};

/** What a verifier says of many: all are valid, or these are not. */
export type Groth16BatchVerdict =
  | { readonly valid: true }
  | {
      readonly valid: false;
      /** By position in the list, rising. */
      readonly culprits: readonly { readonly index: number; readonly reason: InvalidReason }[];
    };

/**
 * Whether a proof proves a statement under a key.
 *
 * **Security**: the number of public inputs must be the key's, each from 0 to r − 1; points must be
 * canonical, on their curve, in their group, and not infinity. Nothing is reduced or coerced. A valid
 * proof can be turned into another valid one: never use its bytes as an identity.
 * **Source**: Groth (eprint 2016/260), 3.2. **Cost**: three Miller loops, a final exponentiation, a
 * subgroup check, and a multiplication for each public input.
 *
 * @param key - from `verifyingKey`
 * @param publics - the public inputs, from anyone
 * @param proof - 258 bytes, from anyone
 * @throws UsageError `wrong-type` if the key is none
 */
export function verifyGroth16(
  key: VerifyingKey,
  publics: readonly bigint[],
  proof: Uint8Array,
): Groth16Verdict {
  const inside = preparedKey(key);
  const equation = equationOf(inside, { publics, proof }, key.publics, []);
  return verdictOf(inside.backend, equation);
}

/**
 * Verifies many statements under one key as one equation, and names those that fail.
 *
 * Each equation is raised to a fresh random 128-bit power and all are multiplied, so that the fixed
 * pairings and the final exponentiation are paid once. If the product is not one, the list is halved,
 * with fresh powers, until the culprits stand alone.
 *
 * **Security**: a batch with a false proof passes with odds of at most 2^−128, whatever its maker
 * did. The powers come from the platform's CSPRNG after all proofs were read.
 * **Source**: Bellare, Garay, Rabin, "Fast batch verification" (1998), small exponents test.
 * **Cost**: for each proof a Miller loop without most of its squarings, a subgroup check, a 128-bit
 * multiplication and a term of a sum of multiples; three Miller loops, a multiplication for each
 * public input and a final exponentiation for all. If
 * proofs fail, what is paid for each proof is paid at most ⌈log2 n⌉ + 1 times (the subgroup check
 * once), and what is paid for all at most 2n times. An empty list is valid.
 *
 * @param key - from `verifyingKey`
 * @param items - statements and proofs, from anyone
 * @throws UsageError `wrong-type` if the key is none, or the list is no array
 */
export function verifyBatch(key: VerifyingKey, items: readonly Groth16Item[]): Groth16BatchVerdict {
  const inside = preparedKey(key);
  if (!Array.isArray(items)) {
    throw new UsageError('wrong-type', `verifyBatch: got ${typeof items}, expected an array`);
  }
  const culprits: { readonly index: number; readonly reason: InvalidReason }[] = [];
  const readable: Claim[] = [];
  for (const [index, item] of items.entries()) {
    const equation = equationOf(inside, item, key.publics, []);
    if (typeof equation === 'string') culprits.push({ index, reason: equation });
    else readable.push({ index, equations: [equation] });
  }
  for (const index of falseClaims(inside.backend, readable)) {
    culprits.push({ index, reason: 'equation' });
  }
  if (culprits.length === 0) return { valid: true };
  culprits.sort((a, b) => a.index - b.index);
  return { valid: false, culprits };
}

function verdictOf(backend: PairingBackend, equation: Equation | InvalidReason): Groth16Verdict {
  if (typeof equation === 'string') return { valid: false, reason: equation };
  if (equationsHold(backend, [equation], [1n])) return { valid: true };
  return { valid: false, reason: 'equation' };
}

/**
 * e(−A, B) · e(α, β) · e(vk_x, γ) · e(C, δ) = 1, or what is wrong with the encoding.
 *
 * The last public inputs of a key may stay hidden: then `hidden` has their parts of vk_x.
 *
 * **Security**: with hidden parts the equation proves nothing by itself. Who may choose a part of vk_x
 * freely satisfies it always: A = α, B = β + δ, C = α, and a point that cancels the rest. Equations that
 * show the knowledge behind each point must hold too.
 * **Source**: commit-carrying Groth16: LegoSNARK (eprint 2019/142).
 *
 * @param item - from anyone
 * @param count - how many public inputs are in plain sight
 * @param hidden - points that were checked
 */
export function equationOf(
  key: PreparedKey,
  item: Groth16Item,
  count: number,
  hidden: readonly G1Point[],
): Equation | InvalidReason {
  const { publics, proof } = item ?? {};
  if (!Array.isArray(publics)) return 'publics-malformed';
  if (publics.length !== count) return 'publics-count';
  // By index, since holes count too; and each is read once, so that what was checked is what is used.
  const values: bigint[] = [];
  for (let i = 0; i < count; i++) {
    const value: unknown = publics[i];
    if (typeof value !== 'bigint') return 'publics-malformed';
    if (value < 0n || value >= R) return 'public-out-of-range';
    values.push(value);
  }
  const { backend } = key;
  const parts = splitProof(proof);
  if (parts === undefined) return 'proof-malformed';
  const a = readG1(backend, parts.a);
  if (typeof a === 'string') return a;
  const b = readG2(backend, parts.b);
  if (typeof b === 'string') return b;
  const c = readG1(backend, parts.c);
  if (typeof c === 'string') return c;
  const scaled = (point: G1Point, scalar: bigint): Term => ({
    lines: key.gammaLines,
    point,
    scalar,
  });
  return {
    pair: [backend.negate(a), b],
    terms: [
      { lines: key.betaLines, point: key.alpha, scalar: 1n, miller: key.alphaBeta },
      scaled(key.ic[0] as G1Point, 1n),
      ...values.map((value, i) => scaled(key.ic[i + 1] as G1Point, value)),
      ...hidden.map((point) => scaled(point, 1n)),
      { lines: key.deltaLines, point: c, scalar: 1n },
    ],
  };
}
