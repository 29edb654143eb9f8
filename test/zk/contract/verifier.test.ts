/**
 * The contract on a real EVM: it takes what `verifyGroth16` takes, and the known ways to cheat a verifier
 * end in a revert that says which. Where a check is ours and not a precompile's, the attack first
 * succeeds against the same contract without it.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type Abi, bytesToHex, encodeFunctionData, type Hex, hexToBytes } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  encodeProofCalldata,
  insecureVerifierContractForTestingOnly,
  verifierContract,
} from '../../../src/zk/contract.ts';
import { numberAt, P, R } from '../../../src/zk/groth16/field.ts';
import { insecureVerifyingKeyForTestingOnly } from '../../../src/zk/groth16/key.ts';
import { type ProofParts, splitProof, writeProof } from '../../../src/zk/groth16/layout.ts';
import { verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import {
  g1Bytes,
  g2Bytes,
  keyParts,
  naiveVerify,
  offCurve,
  readG1,
  readG2,
  simulate,
  simulated,
  timesTwist,
  trapdoor,
  trapdoorKey,
  twistPoint,
} from '../../reference/groth16.ts';
import { items, keyBytes, patched } from '../groth16/support.ts';
import { type Chain, compileContracts, consumers, type Deployed, startChain } from './chain.ts';

const secrets = trapdoor(1);
const bytes = trapdoorKey(secrets);
const source = insecureVerifierContractForTestingOnly(bytes, { name: 'Own' });
const statement = 4n;
const honest = simulated(secrets, [statement], 3n);
const parts = splitProof(honest) as ProofParts;

/** The contract under another name, with a piece of its text replaced. */
function without(name: string, piece: string, instead = ''): string {
  if (!source.includes(piece)) throw new Error(`the contract has no ${piece}`);
  return source
    .replaceAll(piece, instead)
    .replace('contract OwnInsecureForTestingOnly', `contract ${name}`);
}

const readme = readFileSync(new URL('../../../src/zk/README.md', import.meta.url), 'utf8');

const FAILURE = 'if (!isDone || output.length != length) revert NotJudged();';
const compiled = {
  ...compileContracts(
    [
      source,
      verifierContract(keyBytes, { name: 'Cubic' }),
      insecureVerifierContractForTestingOnly(trapdoorKey(trapdoor(32)), { name: 'Wide' }),
    ],
    'optimised',
  ),
  ...compileContracts([
    consumers,
    without('NoRange', 'if (publics[i] >= SCALAR_FIELD) revert PublicInputOutOfRange(i);'),
    without('NoInfinity', ' == 0) revert ProofMalformed();', ' == 0) {}'),
    without('NoCoordinates', 'if (proof[i] >= BASE_FIELD) revert ProofMalformed();'),
    without('NoLength', 'if (msg.data.length != 292) revert WrongLength();'),
    without('NoPrecompile', 'address(8)', 'address(0x1234)'),
    // A failed call counts as the answer 0: what a verifier does that returns false.
    without('NoDifference', FAILURE, FAILURE.replace('revert NotJudged()', 'return abi.encode(0)')),
  ]),
};

let chain: Chain;
let own: Deployed;
let cubic: Deployed;
const deploy = (name: keyof typeof compiled): Promise<Deployed> =>
  chain.deploy(compiled[name] as Deployed);

beforeAll(async () => {
  chain = await startChain(compiled.Probe as Deployed);
  own = await deploy('OwnInsecureForTestingOnly');
  cubic = await deploy('Cubic');
});
afterAll(() => chain?.stop());

/** The call as ABI encoders make it, which look at nothing but 256 bits. */
const call = (target: Deployed, publics: readonly bigint[], proof: Uint8Array): Hex =>
  encodeFunctionData({
    abi: target.abi as Abi,
    functionName: 'requireValid',
    args: [Array.from({ length: 8 }, (_, i) => numberAt(proof, 2 + 32 * i)), publics],
  });

const ended = async (
  publics: readonly bigint[],
  proof: Uint8Array,
  target: Deployed = own,
): Promise<string> => await chain.attempt(target, call(target, publics, proof));

const passes = async (target: Deployed = own): Promise<void> =>
  expect(await ended([statement], honest, target)).toBe('done');

describe('a valid proof passes', () => {
  test('of plain snarkjs, by what encodeProofCalldata gives', async () => {
    for (const { publics, proof } of items) {
      const data = encodeProofCalldata(publics, proof);
      expect(bytesToHex(data)).toBe(call(cubic, publics, proof));
      expect(await chain.attempt(cubic, bytesToHex(data))).toBe('done');
    }
  });

  test('of the most public inputs, and the contract is far below what a chain takes', async () => {
    const wide = trapdoor(32);
    const publics = Array.from({ length: 32 }, (_, i) => R - 1n - BigInt(i));
    const target = await deploy('WideInsecureForTestingOnly');
    expect(target.size).toBeLessThan(24_576 / 4);
    expect(await ended(publics, simulated(wide, publics, 3n), target)).toBe('done');
    for (const i of [0, 31]) {
      const alias = publics.with(i, (publics[i] as bigint) + R);
      expect(await ended(alias, simulated(wide, publics, 3n), target)).toBe(
        'PublicInputOutOfRange',
      );
    }
    publics[31] = 0n;
    expect(await ended(publics, simulated(wide, publics, 3n), target)).toBe('done');
    publics[31] = 1n;
    expect(await ended(publics, simulated(wide, publics.with(31, 2n), 3n), target)).toBe(
      'ProofInvalid',
    );
  });

  test('if it was made anew from another: (−A, −B, C), by design', async () => {
    await passes();
    const twin = writeProof({
      a: g1Bytes(readG1(parts.a).negate()),
      b: g2Bytes(readG2(parts.b).negate()),
      c: parts.c,
    });
    expect(await ended([statement], twin)).toBe('done');
  });

  test('the key’s hash is on the chain', async () => {
    const { address, abi } = cubic;
    const hash = await chain.client.readContract({ address, abi, functionName: 'KEY_HASH' });
    expect(hash).toBe(bytesToHex(insecureVerifyingKeyForTestingOnly(keyBytes).hash));
  });
});

test('gas and size are those of the table in README.md', async () => {
  const wide = trapdoor(32);
  const many = Array.from({ length: 32 }, (_, i) => R - 1n - BigInt(i));
  const four = items[0] as (typeof items)[number];
  for (const [target, publics, proof] of [
    [own, [R - 1n], simulated(secrets, [R - 1n], 3n)],
    [cubic, four.publics, four.proof],
    [await deploy('WideInsecureForTestingOnly'), many, simulated(wide, many, 3n)],
  ] as const) {
    const data = call(target, publics, proof);
    const { status, gasUsed } = await chain.send(target, data);
    expect(status).toBe('success');
    // What every transaction pays, and for its data: 4 for a byte that is zero, 16 for another.
    const paid = hexToBytes(data).reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 21_000n);
    const row = [publics.length, gasUsed - paid, gasUsed, target.size].map((n) =>
      n.toLocaleString('en'),
    );
    console.log(`publics, gas of the contract, of a transaction, bytes: ${row.join(' | ')}`);
    expect(readme).toMatch(new RegExp(`^\\| *${row.join(' *\\| *')} *\\|$`, 'm'));
  }
});

describe('refused', () => {
  test('another public input', async () => {
    await passes();
    for (const other of [0n, statement + 1n, R - 1n]) {
      expect(await ended([other], honest)).toBe('ProofInvalid');
    }
  });

  test('the second form of a public input, p + r', async () => {
    const naive = await deploy('NoRange');
    await passes();
    await passes(naive);
    for (let alias = statement + R; alias < 2n ** 256n; alias += R) {
      expect(await ended([alias], honest, naive)).toBe('done');
      expect(await ended([alias], honest)).toBe('PublicInputOutOfRange');
    }
    expect(await ended([R], honest)).toBe('PublicInputOutOfRange');
  });

  test('infinity', async () => {
    const naive = await deploy('NoInfinity');
    await passes();
    await passes(naive);
    const { alpha, beta, gamma, ic } = secrets;
    const x = (ic[0] as bigint) + statement * (ic[1] as bigint);
    for (const bad of [
      simulate(secrets, [statement], 0n, 1n),
      simulate(secrets, [statement], 1n, 0n),
      simulate(secrets, [statement], 1n, alpha * beta + gamma * x),
    ]) {
      expect(Object.values(bad).some((point) => point.every((byte) => byte === 0))).toBe(true);
      expect(naiveVerify(keyParts(secrets), [statement], bad)).toBe(true);
      expect(await ended([statement], writeProof(bad), naive)).toBe('done');
      expect(await ended([statement], writeProof(bad))).toBe('ProofMalformed');
    }
  });

  test('a coordinate of p and more, in every place, with or without our own check', async () => {
    const naive = await deploy('NoCoordinates');
    await passes();
    await passes(naive);
    for (let i = 0; i < 8; i++) {
      const value = numberAt(honest, 2 + 32 * i) + P;
      const word = hexToBytes(`0x${value.toString(16).padStart(64, '0')}`);
      const bad = patched(honest, 2 + 32 * i, word);
      expect(await ended([statement], bad, naive)).toBe('NotJudged');
      expect(await ended([statement], bad)).toBe('ProofMalformed');
    }
  });

  test('a point off its curve, or outside G2', async () => {
    await passes();
    const off = offCurve();
    const stray = twistPoint(1n);
    const small = timesTwist(stray, R); // its order divides the cofactor
    for (const bad of [
      { ...parts, a: off },
      { ...parts, b: Uint8Array.of(...off, ...off) },
      { ...parts, c: off },
      { ...parts, b: g2Bytes(stray) },
      { ...parts, b: g2Bytes(small) },
      { ...parts, b: g2Bytes(readG2(parts.b).add(small)) },
    ]) {
      expect(await ended([statement], writeProof(bad))).toBe('NotJudged');
    }
  });

  test('B with its real parts first, as snarkjs writes it', async () => {
    await passes();
    const [x1, x0, y1, y0] = [0, 32, 64, 96].map((at) => parts.b.subarray(at, at + 32));
    const b = Buffer.concat([x0, x1, y0, y1] as Uint8Array[]);
    expect(await ended([statement], writeProof({ ...parts, b }))).toBe('NotJudged');
  });

  test('a call that is cut short, or goes on', async () => {
    const naive = await deploy('NoLength');
    await passes();
    await passes(naive);
    const data = call(own, [statement], honest);
    // The last bytes of the statement are not zero, but missing bytes would be.
    for (const bytes of [1, 31, 32, 33, 288]) {
      const short = data.slice(0, -2 * bytes) as Hex;
      expect(await chain.attempt(own, short)).toBe('none');
    }
    expect(await chain.attempt(own, '0x')).toBe('none');
    for (const more of ['00', 'ff'.repeat(32)]) {
      expect(await chain.attempt(naive, `${data}${more}`)).toBe('done');
      expect(await chain.attempt(own, `${data}${more}`)).toBe('WrongLength');
    }
  });

  test('everything, on a chain without the pairing', async () => {
    await passes();
    expect(await ended([statement], honest, await deploy('NoPrecompile'))).toBe('NotJudged');
  });
});

test('gas that runs out is neither valid nor false', async () => {
  const naive = await deploy('NoDifference');
  await passes();
  await passes(naive);
  const valid = call(own, [statement], honest);
  const wrong = call(own, [statement + 1n], honest);
  const seen = new Set<string>();
  const seenNaive = new Set<string>();
  let isEnough = false;
  for (let gas = 500n; gas < 260_000n; gas += 3_001n) {
    const [good, bad] = [
      await chain.attempt(own, valid, gas),
      await chain.attempt(own, wrong, gas),
    ];
    seen.add(good);
    seenNaive.add(await chain.attempt(naive, valid, gas));
    // Once it is enough it stays so, and then both are judged.
    isEnough ||= good === 'done';
    const starved: unknown = expect.stringMatching(/^(?:none|NotJudged)$/);
    expect([gas, good]).toEqual([gas, isEnough ? 'done' : starved]);
    expect([gas, bad]).toEqual([gas, isEnough ? 'ProofInvalid' : starved]);
  }
  // It died in our own steps, in a precompile, and at last nowhere.
  expect([...seen].sort()).toEqual(['NotJudged', 'done', 'none']);
  // The naive one calls the valid proof false.
  expect(seenNaive).toContain('ProofInvalid');
});

test('whatever is sent: the verdict of verifyGroth16', { timeout: 60_000 }, async () => {
  const key = insecureVerifyingKeyForTestingOnly(bytes);
  const errors: Readonly<Record<string, string>> = {
    equation: 'ProofInvalid',
    'public-out-of-range': 'PublicInputOutOfRange',
    'point-at-infinity': 'ProofMalformed',
    'point-not-canonical': 'ProofMalformed',
    'point-off-curve': 'NotJudged',
    'point-off-subgroup': 'NotJudged',
  };
  const word = fc.oneof(
    fc.bigInt(0n, 2n ** 256n - 1n),
    fc.bigInt(0n, 3n),
    fc.constantFrom(P - 1n, P, R - 1n, R, 2n ** 256n - 1n),
  );
  const other = splitProof(simulated(secrets, [statement], 5n)) as ProofParts;
  const proof = fc.oneof(
    // Another proof's points, or words of another kind.
    fc.record({
      a: fc.constantFrom(parts.a, other.a, parts.c, new Uint8Array(64)),
      b: fc.constantFrom(parts.b, other.b, g2Bytes(twistPoint(5n)), new Uint8Array(128)),
      c: fc.constantFrom(parts.c, other.c, parts.a, new Uint8Array(64)),
    }),
    fc
      .tuple(fc.nat(7), word)
      .map(([i, value]) =>
        splitProof(
          patched(honest, 2 + 32 * i, hexToBytes(`0x${value.toString(16).padStart(64, '0')}`)),
        ),
      ),
  );
  const publics = fc.oneof({ weight: 3, arbitrary: fc.constant(statement) }, word);
  await fc.assert(
    fc.asyncProperty(publics, proof, async (value, made) => {
      const item = writeProof(made as ProofParts);
      const verdict = verifyGroth16(key, [value], item);
      const said = await ended([value], item);
      if (verdict.valid) return said === 'done';
      const expected = errors[verdict.reason] as string;
      // All words of a proof are looked at before any curve.
      return said === expected || (expected === 'NotJudged' && said === 'ProofMalformed');
    }),
    { numRuns: 60 },
  );
});
