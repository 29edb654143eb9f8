/**
 * The Groth16 prover: from a witness and a proving key to a proof, on the threads of snarkjs's curve.
 *
 * snarkjs's own `groth16.prove` finds its curve in a global variable, cannot be stopped, tells nothing
 * on its way, and opens a new curve for each proof on one thread. So its curve is used here and its
 * prover is not. Every sum of points and every transform is one piece of work, between which a caller
 * may stop the rest.
 */
import { R } from '../groth16/field.ts';
import { writeProof } from '../groth16/layout.ts';
import { randomScalar } from '../scalar.ts';
import { littleEndian } from '../setup/sections.ts';
import type { SnarkCurve, Step } from '../snark.ts';
import type { ProvingKey } from './proving-key.ts';

/** One group of snarkjs's curve: points are affine or Jacobian by their length. */
type Group = {
  readonly multiExpAffine: (points: Uint8Array, scalars: Uint8Array) => Promise<Uint8Array>;
  readonly add: (a: Uint8Array, b: Uint8Array) => Uint8Array;
  readonly timesScalar: (point: Uint8Array, scalar: Uint8Array) => Uint8Array;
  readonly toUncompressed: (point: Uint8Array) => Uint8Array;
};

/** What of snarkjs's curve a proof takes besides its threads. */
export type ProvingCurve = SnarkCurve & {
  readonly Fr: {
    /** Roots of unity: of order 2^i at place i. */
    readonly w: readonly Uint8Array[];
    readonly one: Uint8Array;
    readonly fft: (values: Uint8Array) => Promise<Uint8Array>;
    readonly ifft: (values: Uint8Array) => Promise<Uint8Array>;
    readonly batchApplyKey: (
      values: Uint8Array,
      first: Uint8Array,
      factor: Uint8Array,
    ) => Promise<Uint8Array>;
  };
  readonly G1: Group;
  readonly G2: Group;
};

/**
 * Called before each piece of work with the share of the whole that is done, from 0 to 1; what it throws
 * ends the proof.
 */
export type Checkpoint = (done: number) => Promise<void>;

const SCALAR = 32;

/**
 * Proves.
 *
 * **Security**: r and s come from the CSPRNG for each proof: zero-knowledge rests on them. Nothing here
 * is constant-time. What this function allocates is wiped; the threads' memories, and the copies of
 * witness and sums that snarkjs makes on its way, are not.
 * **Source**: Groth, eprint 2016/260, section 3.2. With γ = 1 as snarkjs sets up; the quotient
 * (a·b − c)/Z is handed to the key's points by its values at the odd places of twice the domain, where
 * Z is the constant −2, which the key has divided out.
 * **Cost**: sums over all wires three times in G1 and once in G2, one over the domain in G1, and six
 * transforms of the domain's size.
 *
 * @param curve - open; on one thread each piece of work blocks that thread
 * @param key - from `readProvingKey`
 * @param witness - 32 bytes for each wire of the key, least significant first: secret
 * @param checkpoint - see {@link Checkpoint}
 * @returns 258 bytes
 */
export async function proveGroth16(
  curve: ProvingCurve,
  key: ProvingKey,
  witness: Uint8Array,
  checkpoint: Checkpoint,
): Promise<Uint8Array> {
  const { G1, G2 } = curve;
  const { wires, publics, domain } = key;
  const hidden = witness.subarray(SCALAR * (publics + 1));
  // In multiplications of G1, roughly: the parts of the whole.
  const parts = { rows: domain, transform: domain, sum: wires, h: 3 * domain };
  const whole = parts.rows + 3 * parts.transform + (1 + 1 + 3 + 1) * parts.sum + parts.h;
  let done = 0;
  const piece = async <T>(part: number, work: () => Promise<T>): Promise<T> => {
    await checkpoint(done / whole);
    const result = await work();
    done += part;
    return result;
  };

  const secrets: Uint8Array[] = [];
  const secret = (bytes: Uint8Array): Uint8Array => {
    secrets.push(bytes);
    return bytes;
  };
  try {
    const rows = await piece(parts.rows, () => rowValues(curve, key, witness));
    const odd: Uint8Array[] = [];
    for (const values of rows.map(secret)) {
      odd.push(secret(await piece(parts.transform, () => atOddPlaces(curve, values))));
    }
    const quotient = secret(await joined(curve, odd as [Uint8Array, Uint8Array, Uint8Array]));

    const sumA = await piece(parts.sum, () => G1.multiExpAffine(key.a, witness));
    const sumB1 = await piece(parts.sum, () => G1.multiExpAffine(key.b1, witness));
    const sumB2 = await piece(3 * parts.sum, () => G2.multiExpAffine(key.b2, witness));
    const sumC = await piece(parts.sum, () => G1.multiExpAffine(key.c, hidden));
    const sumH = await piece(parts.h, () => G1.multiExpAffine(key.h, quotient));
    await checkpoint(1);

    const [r, s] = [randomScalar(), randomScalar()];
    const [rBytes, sBytes, rsBytes] = [r, s, R - ((r * s) % R)].map((value) =>
      secret(littleEndian(value, SCALAR)),
    ) as [Uint8Array, Uint8Array, Uint8Array];
    const total = (group: Group, ...points: readonly Uint8Array[]): Uint8Array =>
      points.reduce((sum, point) => group.add(sum, point));
    // A = α + Σ w·A + r·δ, B = β + Σ w·B + s·δ, C = Σ w·C + Σ h·H + s·A + r·B − r·s·δ.
    const a = total(G1, sumA, key.alpha1, G1.timesScalar(key.delta1, rBytes));
    const b = total(G2, sumB2, key.beta2, G2.timesScalar(key.delta2, sBytes));
    const b1 = total(G1, sumB1, key.beta1, G1.timesScalar(key.delta1, sBytes));
    const c = total(
      G1,
      sumC,
      sumH,
      G1.timesScalar(a, sBytes),
      G1.timesScalar(b1, rBytes),
      G1.timesScalar(key.delta1, rsBytes),
    );
    return writeProof({
      a: G1.toUncompressed(a),
      b: G2.toUncompressed(b),
      c: G1.toUncompressed(c),
    });
  } finally {
    for (const bytes of secrets) bytes.fill(0);
  }
}

/** A·w and B·w row by row, and their products: what C·w is if the rows hold. */
async function rowValues(
  { tm }: ProvingCurve,
  { terms, termCount, wires, domain }: ProvingKey,
  witness: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const length = domain * SCALAR;
  const out = [2, 3, 4];
  const steps: Step[] = [
    // A copy: a message to a thread takes along all of the buffer that a view looks at.
    { cmd: 'ALLOCSET', var: 0, buff: terms.slice() },
    { cmd: 'ALLOCSET', var: 1, buff: witness },
    ...out.map((at): Step => ({ cmd: 'ALLOC', var: at, len: length })),
    {
      cmd: 'CALL',
      fnName: 'qap_buildABC',
      params: [
        { var: 0 },
        { val: termCount },
        { var: 1 },
        ...out.map((at) => ({ var: at })),
        // All rows and all wires, from the first of each.
        ...[0, domain, 0, wires].map((val) => ({ val })),
      ],
    },
    ...out.map((at, i): Step => ({ cmd: 'GET', out: i, var: at, len: length })),
  ];
  return tm.queueAction(steps);
}

/** From values at the domain's places to those between them: of the same polynomial. */
async function atOddPlaces({ Fr }: ProvingCurve, values: Uint8Array): Promise<Uint8Array> {
  const power = Math.log2(values.length / SCALAR);
  const coefficients = await Fr.ifft(values);
  const shifted = await Fr.batchApplyKey(coefficients, Fr.one, Fr.w[power + 1] as Uint8Array);
  const result = await Fr.fft(shifted);
  for (const bytes of [coefficients, shifted]) bytes.fill(0);
  return result;
}

/** a·b − c, entry by entry, as plain numbers. */
async function joined(
  { tm }: ProvingCurve,
  [a, b, c]: readonly [Uint8Array, Uint8Array, Uint8Array],
): Promise<Uint8Array> {
  const count = a.length / SCALAR;
  const steps: Step[] = [
    ...[a, b, c].map((buff, at): Step => ({ cmd: 'ALLOCSET', var: at, buff })),
    { cmd: 'ALLOC', var: 3, len: a.length },
    {
      cmd: 'CALL',
      fnName: 'qap_joinABC',
      params: [{ var: 0 }, { var: 1 }, { var: 2 }, { val: count }, { var: 3 }],
    },
    {
      cmd: 'CALL',
      fnName: 'frm_batchFromMontgomery',
      params: [{ var: 3 }, { val: count }, { var: 3 }],
    },
    { cmd: 'GET', out: 0, var: 3, len: a.length },
  ];
  const [out] = await tm.queueAction(steps);
  return out as Uint8Array;
}
