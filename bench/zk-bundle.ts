/**
 * Rows of the zk room: commitments, and a proof bundle of many clients and a long vector, without the round: ten clients' commitments, each of them
 * signed by a hundred. To a verifier it is as much work as one of a real round.
 */
import {
  type ClientId,
  inMemorySigner,
  noNoise,
  type Plan,
  plan,
  real,
  type Signer,
  signRoster,
} from 'veilsum';
import { addInto } from '../src/ring/vector.ts';
import { bundleBytes } from '../src/round/bundle/write.ts';
import { type CommittedInputs, commitInputs } from '../src/round/commitments.ts';
import { type AnyPlan, termsOf } from '../src/round/plan.ts';
import {
  encodeConfirmHeader,
  encodeMaskHeader,
  encodeShareHeader,
} from '../src/secagg/messages.ts';
import { headerHash, signMessage } from '../src/secagg/signed.ts';
import { hashOfCommitments, hashOfU2, hashOfU3, u2Leaf } from '../src/secagg/survivors.ts';
import { trustIn, type VerifyOptions, verifyBundle } from '../src/verify.ts';
import { toBitmap } from '../src/wire/bitmap.ts';
import type { SignedHeader } from '../src/wire/envelope.ts';
import { merkleRoot } from '../src/wire/merkle.ts';
import { type CommitmentScheme, type FastCurve, fastCurve, pedersen } from '../src/zk/index.ts';
import { type Book, interleave, progress, type Side, stopwatch } from './harness.ts';

/** The bundle: this many clients, this long a vector. */
const CLIENTS = 1_000;
const LENGTH = 100_000;
const SAMPLES = 5;

/** Values that one sample commits to: eight chunks. */
const COMMITTED = 32_768;
/** Milliseconds for 1,000 values of two bytes on the curve of snarkjs. */
const COMMIT_BOUND = 3;

/** Measures commitments and the verification of a large bundle, with its parts. */
export async function bundleRows(book: Book): Promise<void> {
  progress('zk: commitments');
  await using curve = (await fastCurve()) as FastCurve;
  const values = Int32Array.from({ length: COMMITTED }, (_, i) => ((i * 40_503) % 65_536) - 32_768);
  const commit = async (options: { readonly curve?: FastCurve }): Promise<Side> => {
    const scheme = pedersen(options);
    return async () => {
      const [ms] = await stopwatch(() => scheme.commit(values, 16));
      return (1_000 * ms) / COMMITTED;
    };
  };
  const commits = { wasm: await commit({ curve }), noble: await commit({}) };
  const taken = await interleave(SAMPLES, commits, 1);
  const theirs = ['zk/commit/noble', taken.noble] as const;
  book.time('zk/commit/noble', taken.noble);
  book.time('zk/commit/wasm', taken.wasm, theirs, COMMIT_BOUND);

  progress(`zk: a bundle of ${CLIENTS} clients`);
  const whole = await largeBundle(CLIENTS, LENGTH, curve);
  const short = await largeBundle(CLIENTS, 1, curve);
  const verify = ({ bundle, plan }: LargeBundle, options: VerifyOptions): Side => {
    return async () => {
      const [ms, { valid }] = await stopwatch(() =>
        verifyBundle(bundle, trustIn(plan as never), options),
      );
      if (!valid) throw new Error('a bundle that should be valid is not');
      return ms;
    };
  };
  const name = (length: number, engine: string) =>
    `zk/bundle/verify/n=${CLIENTS},d=${length}/${engine}`;
  const times = await interleave(
    SAMPLES,
    {
      [name(LENGTH, 'wasm')]: verify(whole, { curve }),
      [name(LENGTH, 'noble')]: verify(whole, {}),
      [name(1, 'noble')]: verify(short, {}),
    },
    1,
  );
  for (const [row, timing] of Object.entries(times)) book.time(row, timing);
}

/** Clients whose vectors differ. */
const KINDS = 10;

/** A bundle and its plan. */
type LargeBundle = {
  readonly bundle: Uint8Array;
  readonly plan: Plan<never, never, CommitmentScheme>;
};

/**
 * Makes one.
 *
 * @param clients - a multiple of ten
 * @param length - of the vector, in 16 bits
 */
async function largeBundle(
  clients: number,
  length: number,
  curve: FastCurve,
): Promise<LargeBundle> {
  const signers = Array.from({ length: clients }, () => inMemorySigner());
  const list = signers.map(({ publicKey }, i) => ({ id: `client-${i}`, publicKey }));
  const made = plan({
    id: 'bench',
    fields: { update: real({ length, clip: { norm: 'l2', bound: 1 } }) },
    roster: await signRoster(list, inMemorySigner()),
    trust: { corrupt: 0.05, absent: 0.05 },
    noise: noNoise(),
    commitments: pedersen({ curve }),
  });
  const any = made as AnyPlan;
  const terms = termsOf(any);
  const committed: CommittedInputs[] = [];
  const client = made.roster.clients[0]?.id as ClientId;
  const context = new Uint8Array(32);
  const proving = { roundId: terms.roundId, context, client, prover: undefined };
  for (let i = 0; i < KINDS; i++) {
    const update = Float64Array.from({ length }, (_, j) => Math.sin(i + j) / Math.sqrt(length));
    committed.push(await commitInputs(any, { update }, proving));
  }
  const sums = made.shapes.map((shape) => new Uint32Array(shape.length));
  const all = signers.map((_, i) => i);
  const of = (i: number) => committed[i % KINDS] as (typeof committed)[number];
  for (const i of all) {
    for (const [at, sum] of sums.entries()) addInto(sum, sum, of(i).vectors[at] as Uint32Array);
  }
  for (const [at, sum] of sums.entries()) {
    const { modulusBits } = made.shapes[at] as (typeof made.shapes)[number];
    const mask = 0xffff_ffff >>> (32 - modulusBits);
    for (let j = 0; j < sum.length; j++) sum[j] = ((sum[j] as number) & mask) >>> 0;
  }
  const blank = new Uint8Array(32);
  const payload = new Uint8Array(1);
  const sign = async (phase: 'share' | 'mask' | 'confirm', i: number, header: Uint8Array) => {
    const rest = phase === 'confirm' ? [] : [payload];
    return (await signMessage(terms, phase, i, signers[i] as Signer, header, ...rest)).said;
  };
  const shares: SignedHeader[] = [];
  for (const i of all) {
    const commitments = hashOfCommitments(terms, i, of(i).commitments);
    const hashes = { commitment: blank, ownHash: blank.subarray(0, 16), partsRoot: blank };
    shares.push(
      await sign('share', i, encodeShareHeader({ ...hashes, partCount: 0, commitments })),
    );
  }
  const bitmap = toBitmap(all, clients);
  const leaves = shares.map((said, i) => u2Leaf(i, blank, headerHash(terms, 'share', said)));
  const u2Hash = hashOfU2(terms, bitmap, merkleRoot(leaves));
  const masks: SignedHeader[] = [];
  for (const i of all) {
    masks.push(await sign('mask', i, encodeMaskHeader({ u2Hash, commitments: of(i).commitments })));
  }
  const header = encodeConfirmHeader({
    u2Hash,
    u3Hash: hashOfU3(terms, bitmap),
    headersRoot: merkleRoot(masks.map((said) => headerHash(terms, 'mask', said))),
  });
  const confirms: SignedHeader[] = [];
  for (const i of all.slice(0, made.quorum)) confirms.push(await sign('confirm', i, header));
  const adverts = all.map(() => blank);
  const proofs = all.map(() => new Uint8Array(0));
  const said = { adverts, shares, masks, proofs, confirms };
  const record = { terms, context: blank, u2: all, u3: all, ...said };
  return { bundle: bundleBytes(any, sums, record), plan: made as never };
}
