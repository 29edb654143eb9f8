/**
 * Sixteen clients learn to tell low digits from high ones, with an edge server that sees their updates.
 * It proves their sum: from pictures to updates of 128 integers, commitments, one proof, a reader who
 * checks it, and a contract that takes this statement and no other.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Examples, loadDigits, PIXELS, pick } from '../../../examples/digits/data.ts';
import {
  type AggregateClaim,
  aggregateInputs,
  aggregateStatement,
  contextScalar,
  encodeProofCalldata,
  insecureDevelopmentSetupForTestingOnly,
  insecureVerifierContractForTestingOnly,
  insecureVerifyingKeyForTestingOnly,
  openProver,
  proofToSnarkjs,
  proveAggregate,
  randomSalt,
  type VerifyingKey,
  verifyGroth16,
} from '../../../src/zk/index.ts';
import { artifact, pinnedArtifacts, sha256Of } from '../../zk/circuits/compile.ts';
import { openModule } from '../../zk/circuits/keys.ts';
import {
  type Chain,
  compileContracts,
  consumers,
  type Deployed,
  startChain,
} from '../../zk/contract/chain.ts';
import { endSnarkjs, snarkjs } from '../../zk/snarkjs.ts';

const CLIENTS = 16;
const LENGTH = 128;
const CIRCUIT = 'aggregate-16x128';
/** Pictures that each client has. */
const SHARD = 60;
/** An update has at most length 1, and this many steps make 1. */
const STEPS = 30_000;
/** The greatest squared norm, in steps: rounding adds half a step to each entry at most. */
const BOUND: number = Math.floor((STEPS + Math.sqrt(LENGTH) / 2) ** 2);

/** 16 × 8 of the picture's pixels. */
const features = ({ pixels }: Examples, picture: number): readonly number[] =>
  Array.from({ length: LENGTH }, (_, j) => {
    const [row, column] = [Math.floor(j / 8), j % 8];
    const at = 28 * Math.floor((row + 0.5) * (28 / 16)) + Math.floor((column + 0.5) * (28 / 8));
    return pixels[picture * PIXELS + at] as number;
  });

const score = (weights: ArrayLike<number>, x: readonly number[]): number =>
  x.reduce((total, value, j) => total + value * (weights[j] as number), 0);

/** A pass of logistic regression over a shard, from zero: whether the digit is 5 or more. */
function train(shard: Examples): readonly number[] {
  const weights = new Array<number>(LENGTH).fill(0);
  for (const [picture, label] of shard.labels.entries()) {
    const x = features(shard, picture);
    const miss = (label >= 5 ? 1 : 0) - 1 / (1 + Math.exp(-score(weights, x)));
    for (let j = 0; j < LENGTH; j++) (weights[j] as number) += 0.1 * miss * (x[j] as number);
  }
  return weights;
}

/** Clipped to length 1, in whole steps. */
function quantised(update: readonly number[]): readonly number[] {
  const norm = Math.hypot(...update);
  return update.map((value) => Math.round((value / Math.max(1, norm)) * STEPS));
}

let updates: readonly (readonly number[])[];
let heldOut: Examples;
let claim: AggregateClaim;
let proof: Uint8Array;
let key: VerifyingKey;
let zkey: Uint8Array;
let chain: Chain;
let contract: Deployed;

beforeAll(async () => {
  const digits = await loadDigits();
  // Steps that mix the labels; no two shards have a picture in common, and none of them is held out.
  const places = Array.from({ length: CLIENTS }, (_, i) =>
    Array.from({ length: SHARD }, (_, j) => (1_637 * j + i) % digits.labels.length),
  );
  const taken = new Set(places.flat());
  expect(taken.size).toBe(CLIENTS * SHARD);
  const others = Array.from(digits.labels.keys()).filter((place) => !taken.has(place));
  const shards = places.map((own) => pick(digits, own));
  heldOut = pick(
    digits,
    others.filter((_, i) => i % 10 === 0),
  );
  updates = shards.map((shard) => quantised(train(shard)));

  // Each client commits and signs; the server fills in what it was sent.
  const made = aggregateInputs(
    contextScalar(new TextEncoder().encode('digits, round 1, chain 31337')),
    BOUND,
    updates,
    updates.map(randomSalt),
  );
  claim = made.claim;

  const keys = await insecureDevelopmentSetupForTestingOnly(
    artifact(CIRCUIT, 'r1cs'),
    await openModule(),
  );
  zkey = keys.provingKey;
  key = insecureVerifyingKeyForTestingOnly(keys.verifyingKey);
  const pinned = pinnedArtifacts().circuits[CIRCUIT]?.wasm as string;
  const artefacts = {
    wasm: artifact(CIRCUIT, 'wasm'),
    zkey,
    hashes: { wasm: pinned, zkey: sha256Of(zkey) },
  };
  await using prover = await openProver();
  proof = await proveAggregate(prover, artefacts, made.inputs);

  const source = insecureVerifierContractForTestingOnly(keys.verifyingKey, { name: 'Digits' });
  const compiled = compileContracts([consumers, source]);
  chain = await startChain(compiled.Probe as Deployed);
  contract = await chain.deploy(compiled.DigitsInsecureForTestingOnly as Deployed);
}, 180_000);
afterAll(async () => {
  await chain?.stop();
  await endSnarkjs();
});

/** What the contract says of a claim. */
const judged = (of: AggregateClaim): Promise<string> => {
  const data = Buffer.from(encodeProofCalldata([aggregateStatement(of)], proof)).toString('hex');
  return chain.attempt(contract, `0x${data}`);
};

test('the sum that was proved is a model that learnt something', () => {
  expect(claim.sum).toHaveLength(LENGTH);
  for (let j = 0; j < LENGTH; j++) {
    expect(claim.sum[j]).toBe(updates.reduce((total, update) => total + (update[j] as number), 0));
  }
  const accuracy = (weights: ArrayLike<number>): number =>
    Array.from(heldOut.labels).filter(
      (label, picture) => score(weights, features(heldOut, picture)) > 0 === label >= 5,
    ).length / heldOut.labels.length;
  const together = accuracy(claim.sum);
  expect(together).toBeGreaterThan(0.65);
  expect(together).toBeGreaterThan(accuracy(updates[0] as readonly number[]));
});

test('a reader with the claim verifies it, here and with snarkjs, and no other claim', async () => {
  const [first, ...rest] = Array.from(claim.sum) as [number, ...number[]];
  const lies: readonly AggregateClaim[] = [
    { ...claim, sum: [first + 1, ...rest] },
    { ...claim, bound: claim.bound - 1 },
    { ...claim, commitments: claim.commitments.toReversed() },
    { ...claim, context: claim.context + 1n },
  ];
  expect(verifyGroth16(key, [aggregateStatement(claim)], proof)).toEqual({ valid: true });
  expect(await judged(claim)).toBe('done');
  for (const lie of lies) {
    const verdict = verifyGroth16(key, [aggregateStatement(lie)], proof);
    expect(verdict).toEqual({ valid: false, reason: 'equation' });
    expect(await judged(lie)).toBe('ProofInvalid');
  }
  const theirs = await snarkjs.zKey.exportVerificationKey(zkey);
  const text = JSON.parse(proofToSnarkjs(proof));
  const asked = (of: AggregateClaim): Promise<boolean> =>
    snarkjs.groth16.verify(theirs, [String(aggregateStatement(of))], text);
  expect(await asked(claim)).toBe(true);
  expect(await asked(lies[0] as AggregateClaim)).toBe(false);
});
