/**
 * A Groth16 setup by one process that knows all secrets: seconds instead of a ceremony, for tests and
 * development. Whoever ran it, or read its memory, proves anything. So the name says so, the proving key
 * carries a mark, and the verifying key made from it is refused by `verifyingKey`.
 *
 * The production path is a public ceremony's powers of tau and contributions of several parties, with
 * the tools of snarkjs: see README.md.
 */
import { scalars as F } from '../poseidon.ts';
import { randomFactor } from '../scalar.ts';
import { type CurveModule, fixedBases } from './fixed-base.ts';
import { lagrangeAt, powerFor, wireValuesAt } from './polynomials.ts';
import { readR1cs } from './r1cs.ts';
import { keyFromProvingKey, writeInsecureProvingKey } from './zkey.ts';

/** Both keys of one setup. */
export type InsecureKeys = {
  /** A `.zkey` file for snarkjs, with the mark. */
  readonly provingKey: Uint8Array;
  /** For `insecureVerifyingKeyForTestingOnly`. */
  readonly verifyingKey: Uint8Array;
};

/**
 * Makes proving and verifying keys for a circuit from secrets of this process.
 *
 * @param r1cs - the circuit's file
 * @param curve - snarkjs's curve `bn128`, opened with `singleThread`
 * @throws CodecError as `readR1cs`
 * @throws DependencyError `runtime-unsupported`
 *
 * **Security**: none. The secrets τ, α, β, δ come from the CSPRNG and are forgotten but not wiped;
 * γ is one, as in snarkjs.
 * **Source**: Groth, eprint 2016/260, section 3.2; the quotient's points are Lagrange polynomials of
 * twice the domain at its odd places, as snarkjs takes them.
 * **Cost**: multiples of G1 for three points a wire and one a row, of G2 for one a wire. It computes on
 * the calling thread without a pause.
 */
export async function insecureDevelopmentSetupForTestingOnly(
  r1cs: Uint8Array,
  curve: CurveModule,
): Promise<InsecureKeys> {
  const circuit = readR1cs(r1cs);
  const { wires, publics } = circuit;
  const power = powerFor(circuit);
  const domain = 2 ** power;

  // τ: where the polynomials are taken. α, β, δ: as in the paper.
  const [tau, alpha, beta, delta] = [
    randomFactor(),
    randomFactor(),
    randomFactor(),
    randomFactor(),
  ];
  const { u, v, w } = wireValuesAt(circuit, lagrangeAt(power, tau));
  const joined = u.map((value, i) =>
    F.add(F.add(F.mul(beta, value), F.mul(alpha, at(v, i))), at(w, i)),
  );
  const byDelta = F.inv(delta);
  const odd = lagrangeAt(power + 1, tau).filter((_, i) => i % 2 === 1);

  const { g1, g2 } = await fixedBases(curve, { g1: 3 * wires + domain, g2: wires });
  const provingKey = writeInsecureProvingKey(circuit, domain, {
    alpha1: g1([alpha]),
    beta1: g1([beta]),
    beta2: g2([beta]),
    gamma2: g2([1n]),
    delta1: g1([delta]),
    delta2: g2([delta]),
    ic: g1(joined.slice(0, publics + 1)),
    a: g1(u),
    b1: g1(v),
    b2: g2(v),
    c: g1(joined.slice(publics + 1).map((value) => F.mul(value, byDelta))),
    h: g1(odd.map((value) => F.mul(value, byDelta))),
  });
  return { provingKey, verifyingKey: keyFromProvingKey(provingKey) };
}

const at = (values: readonly bigint[], i: number): bigint => values[i] as bigint;
