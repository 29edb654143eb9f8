/** The second client with randomness of its own: what a program that takes part in rounds would do. */
import { randomBytes } from 'node:crypto';
import {
  type Advertised,
  advertise,
  type Confirmed,
  confirm,
  type Masked,
  type Me,
  mask,
  type Said,
  type Shared,
  share,
  unmask,
} from './client.ts';
import { centred, chunks, commitAll } from './commitments.ts';
import { encoded } from './inputs.ts';
import type { LatticeDraws } from './lattice.ts';
import type { Field, Round } from './plan.ts';
import { cat, EMPTY } from './primitives.ts';
import { type Prover, proofOf } from './proofs.ts';
import { idOf } from './state.ts';

const fresh = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** A uniform number from 0 to below 1. */
const uniform = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

/** A Poisson number of a mean up to some hundreds, by the sum of its probabilities in doubles. */
function smallPoisson(mean: number): number {
  const u = uniform();
  let count = 0;
  for (let p = Math.exp(-mean), sum = p; u > sum && count < 2000; sum += p) p *= mean / ++count;
  return count;
}

/** Poisson numbers add up as their means do. Doubles: for tests only. */
function poisson(mean: number): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 500) count += smallPoisson(Math.min(left, 500));
  return count;
}

/** A draw of 8.5, near enough to its law for a test. */
function draw(kind: string, v: number): number {
  if (kind === 'skellam') return poisson(v / 2) - poisson(v / 2);
  for (;;) {
    const e = Math.floor((uniform() - 0.5) * 24 * Math.sqrt(v) + 0.5);
    if (uniform() < Math.exp((-e * e) / (2 * v))) return e;
  }
}

/** Noise of one field: its last stretch is the weight of a weighted mean. */
function noiseOf({ d, variances, kind: field }: Field, kind: string): number[] {
  const [v, last = v] = variances;
  return Array.from({ length: d }, (_, e) => {
    const own = field === 'weighted-mean' && e === d - 1 ? last : v;
    return own === undefined ? 0 : draw(kind, own);
  });
}

/** Draws of 7.6, near enough to their law for a test. */
function latticeDraws({ lattice }: Round): LatticeDraws | undefined {
  if (lattice === undefined) return undefined;
  const draws = (length: number): number[] =>
    Array.from({ length }, () => draw('discrete-gaussian', 6.6 ** 2));
  return {
    secrets: draws(2048 * lattice.G),
    errors: lattice.fields.map(({ coefficients }) => draws(coefficients)),
  };
}

/** A scalar below the order of BN254's G1, by rejection. */
function blinding(): Uint8Array {
  for (;;) {
    const bytes = fresh(32);
    bytes[0] = (bytes[0] as number) & 0x3f;
    const order = '30644e72e131a029b85045b68181585d2833e84879b97091';
    if (Buffer.from(bytes).toString('hex').slice(0, 48) < order) return bytes;
  }
}

/** Words to mask, what was committed to, and what was proven of it. */
async function prepared(me: Me, inputs: Readonly<Record<string, unknown>>, prove?: Prover) {
  const { round } = me;
  const exact = round.fields.map((field) =>
    encoded(field, inputs[field.name], fresh(4 * field.d), round),
  );
  const noise = round.fields.map((field) => noiseOf(field, round.kind));
  const vectors = exact.map((words, i) => words.map((word, e) => word + (noise[i]?.[e] as number)));
  if (!round.hasCommitments) return { vectors, commitments: EMPTY, proofs: EMPTY };
  const blindingsOf = (field: Field) => Array.from({ length: chunks(round, field) }, blinding);
  const own = round.fields.map(blindingsOf);
  const blindings = round.fields.flatMap((field, i) => {
    const values = own[i] as Uint8Array[];
    return field.variances.length > 0 ? [values, blindingsOf(field)] : [values];
  });
  const { commitments, limbs } = commitAll(round, exact, noise, blindings);
  const proofs = cat(...(prove === undefined ? [] : await proven(me, exact, own, prove)));
  return { vectors: [...vectors, limbs], commitments, proofs };
}

/** The proofs of all chunks, by number. */
async function proven(
  me: Me,
  exact: readonly (readonly number[])[],
  blindings: readonly (readonly Uint8Array[])[],
  prove: Prover,
): Promise<readonly Uint8Array[]> {
  const { round, context } = me;
  const { planHash, roundId } = round;
  const { key, norms } = round.proven as NonNullable<typeof round.proven>;
  const bound = { key, planHash, roundId, context, id: idOf(me, me.index) };
  const out: Uint8Array[] = [];
  for (const [i, field] of round.fields.entries()) {
    const values = centred(field, exact[i] as number[]);
    for (const [chunk, rho] of (blindings[i] as readonly Uint8Array[]).entries()) {
      const place = { number: out.length, N: norms[i] as number };
      const part = values.slice(chunk * key.c, (chunk + 1) * key.c);
      out.push(await proofOf(bound, place, part, [rho, blinding()], prove));
    }
  }
  return out;
}

/** A client that goes through a round: each call answers one downlink. */
export type Participant = {
  readonly advertise: () => Uint8Array;
  readonly share: (downlink: Uint8Array) => Uint8Array;
  readonly mask: (downlink: Uint8Array) => Uint8Array;
  readonly confirm: (downlink: Uint8Array) => Uint8Array;
  readonly unmask: (downlink: Uint8Array) => Uint8Array;
};

/**
 * Enters a round. A dealer that keeps to no rule changes what it has dealt by `spoil`; where the plan asks
 * for proofs, `prove` makes them.
 */
export async function participant(
  me: Me,
  inputs: Readonly<Record<string, unknown>>,
  spoil: (dealt: Said<Shared>) => Said<Shared> = (dealt) => dealt,
  prove?: Prover,
): Promise<Participant> {
  const { vectors, commitments, proofs } = await prepared(me, inputs, prove);
  const { t, k } = me.round.parameters;
  let state: unknown;
  const said = ({ message, next }: { readonly message: Uint8Array; readonly next: unknown }) => {
    state = next;
    return message;
  };
  return {
    advertise: () => said(advertise(me, fresh(32), fresh(32))),
    share: (downlink) => {
      const drawn = {
        selfSeed: fresh(32),
        selfCoefficients: fresh(32 * (t - 1)),
        maskingCoefficients: fresh(32 * (t - 1)),
        sealingCoins: Array.from({ length: k }, () => fresh(32)),
      };
      return said(spoil(share(me, state as Advertised, downlink, drawn, commitments)));
    },
    mask: (downlink) =>
      said(mask(me, state as Shared, downlink, vectors, proofs, latticeDraws(me.round))),
    confirm: (downlink) => said(confirm(me, state as Masked, downlink)),
    unmask: (downlink) => said(unmask(me, state as Confirmed, downlink)),
  };
}
