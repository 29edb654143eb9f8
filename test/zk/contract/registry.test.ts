/**
 * What a statement means to contracts that ask the verifier: from the claim of an aggregation to a record
 * on the chain, and the ways in which such a contract can misread a proof.
 */
import { type Abi, encodeFunctionData, type Hex } from 'viem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type AggregateClaim,
  aggregateInputs,
  aggregateStatement,
  contextScalar,
  randomSalt,
} from '../../../src/zk/aggregate.ts';
import { insecureVerifierContractForTestingOnly, proofWords } from '../../../src/zk/contract.ts';
import { writeProof } from '../../../src/zk/groth16/layout.ts';
import { proofFromSnarkjs } from '../../../src/zk/groth16/snarkjs-json.ts';
import { keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { g1Bytes, g2Bytes, readG1, readG2 } from '../../reference/groth16.ts';
import { artifact } from '../circuits/compile.ts';
import { insecureTinyKey } from '../circuits/keys.ts';
import { CONTEXT, NORM, TINY, UPDATES } from '../circuits/support.ts';
import { witnessFile } from '../circuits/witness.ts';
import { endSnarkjs, snarkjs } from '../snarkjs.ts';
import { type Chain, compileContracts, consumers, type Deployed, startChain } from './chain.ts';

const zkey = insecureTinyKey();
const compiled = compileContracts([
  consumers,
  insecureVerifierContractForTestingOnly(keyFromProvingKey(zkey), { name: 'Aggregate' }),
]);

let chain: Chain;
let verifier: Deployed;
let claim: AggregateClaim;
let statement: bigint;
let proof: Uint8Array;

beforeAll(async () => {
  const made = aggregateInputs(CONTEXT, NORM, UPDATES, UPDATES.map(randomSalt));
  claim = made.claim;
  statement = aggregateStatement(claim);
  const witness = await witnessFile(artifact(TINY.name, 'wasm'), made.inputs);
  const { proof: text } = await snarkjs.groth16.prove(zkey, witness, undefined, {
    singleThread: true,
  });
  proof = proofFromSnarkjs(JSON.stringify(text));
  chain = await startChain(compiled.Probe as Deployed);
  verifier = await chain.deploy(compiled.AggregateInsecureForTestingOnly as Deployed);
});
afterAll(async () => {
  await chain?.stop();
  await endSnarkjs();
});

/** A contract that asks the verifier. */
const deploy = (name: string): Promise<Deployed> =>
  chain.deploy(compiled[name] as Deployed, verifier.address);

const call = (target: Deployed, name: 'prove' | 'judge', proof: Uint8Array, about: bigint): Hex =>
  encodeFunctionData({
    abi: target.abi as Abi,
    functionName: name,
    args: [proofWords(proof), about],
  });

const ask = (target: Deployed, functionName: string, ...args: readonly bigint[]) =>
  chain.client.readContract({ address: target.address, abi: target.abi, functionName, args });

/** Made by anybody from a proof that was seen: (−A, −B, C). */
function twinOf(proof: Uint8Array): Uint8Array {
  const [a, b, c] = [proof.slice(2, 66), proof.slice(66, 194), proof.slice(194)];
  return writeProof({ a: g1Bytes(readG1(a).negate()), b: g2Bytes(readG2(b).negate()), c });
}

test('a proof of a sum is recorded; whoever knows the claim finds it, and no other claim', async () => {
  const registry = await deploy('Registry');
  expect(await ask(registry, 'isProved', statement)).toBe(false);
  const { status } = await chain.send(registry, call(registry, 'prove', proof, statement));
  expect(status).toBe('success');
  expect(await ask(registry, 'isProved', aggregateStatement(claim))).toBe(true);
  const [first, ...others] = claim.commitments as [bigint, ...bigint[]];
  for (const lie of [
    { ...claim, sum: Array.from(claim.sum, (value, j) => (j === 0 ? value + 1 : value)) },
    { ...claim, bound: claim.bound + 1 },
    { ...claim, context: contextScalar(new TextEncoder().encode('round 8')) },
    { ...claim, commitments: [first + 1n, ...others] },
    { ...claim, commitments: claim.commitments.toReversed() },
  ]) {
    const other = aggregateStatement(lie);
    expect(await ask(registry, 'isProved', other)).toBe(false);
    const data = call(registry, 'prove', proof, other);
    expect((await chain.send(registry, data)).status).toBe('reverted');
    expect(await ask(registry, 'isProved', other)).toBe(false);
  }
});

test('one statement counts once, however its proof looks', async () => {
  const twin = twinOf(proof);
  const [naive, registry] = [await deploy('RegistryOfProofs'), await deploy('Registry')];
  for (const target of [naive, registry]) {
    const data = call(target, 'prove', proof, statement);
    expect((await chain.send(target, data)).status).toBe('success');
    expect((await chain.send(target, data)).status).toBe('reverted');
    await chain.send(target, call(target, 'prove', twin, statement));
  }
  expect(await ask(naive, 'count')).toBe(2n);
  expect(await ask(registry, 'count')).toBe(1n);
  const again = call(registry, 'prove', twin, statement);
  expect(await chain.attempt(registry, again)).toBe('AlreadyProved');
});

test('a record needs gas enough: with too little it reverts as a whole', async () => {
  const registry = await deploy('Registry');
  const data = call(registry, 'prove', proof, statement);
  const enough = (await chain.send(await deploy('Registry'), data)).gasUsed;
  for (const gas of [60_000n, 200_000n, enough - 30_000n]) {
    expect((await chain.send(registry, data, gas)).status).toBe('reverted');
    expect(await ask(registry, 'isProved', statement)).toBe(false);
  }
  expect((await chain.send(registry, data)).status).toBe('success');
});

test('nobody is punished because somebody else’s transaction had too little gas', async () => {
  const [hasty, court] = [await deploy('HastyCourt'), await deploy('Court')];
  const punished = async (target: Deployed, about: bigint, gas?: bigint): Promise<boolean> =>
    (await chain.send(target, call(target, 'judge', proof, about), gas)).logs.length > 0;
  for (const target of [hasty, court]) {
    expect(await punished(target, statement)).toBe(false);
    expect(await punished(target, statement + 1n)).toBe(true);
  }
  const limits = Array.from({ length: 16 }, (_, i) => 150_000n + 5_000n * BigInt(i));
  const count = async (target: Deployed): Promise<number> => {
    let convictions = 0;
    for (const gas of limits) if (await punished(target, statement, gas)) convictions++;
    return convictions;
  };
  // The proof is valid. Whoever may choose the gas has its maker punished.
  expect(await count(hasty)).toBeGreaterThan(0);
  expect(await count(court)).toBe(0);
});
