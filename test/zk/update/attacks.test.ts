/**
 * The known ways to cheat a verifier of committed updates. Each first succeeds, against a verifier that
 * leaves one rule out (`test/reference/update.ts`, or in this file), and is then refused here.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientId } from '../../../src/identity/client-id.ts';
import { equalBytes } from '../../../src/internal/bytes.ts';
import { equationsHold } from '../../../src/zk/groth16/equations.ts';
import { P } from '../../../src/zk/groth16/field.ts';
import {
  type KeyParts,
  type ProofParts,
  readKey,
  splitProof,
  writeProof,
} from '../../../src/zk/groth16/layout.ts';
import { noblePairing } from '../../../src/zk/groth16/noble-backend.ts';
import { equationOf } from '../../../src/zk/groth16/verify.ts';
import { insideOf, knowledgeEquation, type UpdateKey } from '../../../src/zk/update/key.ts';
import {
  groupsFor,
  readUpdateKey,
  splitUpdateProof,
  type UpdateProofParts,
  writeUpdateProof,
} from '../../../src/zk/update/layout.ts';
import type { SecretUpdate, UpdateProver } from '../../../src/zk/update/prove.ts';
import { challengeOf, contextOf, type UpdateTerms } from '../../../src/zk/update/statement.ts';
import { type UpdateItem, verifyUpdates } from '../../../src/zk/update/verify.ts';
import { helpFor, type UpdateInputs } from '../../../src/zk/update/witness.ts';
import {
  g1Bytes,
  g2Bytes,
  offCurve,
  readG1,
  readG2,
  statementPoint,
  times,
} from '../../reference/groth16.ts';
import {
  fittedCount,
  naiveVerifyHidden,
  slowCommitment,
  slowHashToScalar,
} from '../../reference/update.ts';
import { endSnarkjs } from '../snarkjs.ts';
import { itemOf, type Made, makeKeys, secretOf, TERMS, valuesOf } from './support.ts';

const VALID: unknown = { valid: true };
const INVALID = (reason: string, chunk?: number): unknown => ({
  valid: false,
  culprits: [{ index: 0, reason, ...(chunk === undefined ? {} : { chunk }) }],
});

/** One chunk: fewer things to keep apart. */
const ONE: UpdateTerms = { ...TERMS, length: 16 };
const D = 16;

let made: Made;
let key: UpdateKey;
let vk: KeyParts;
let imagesOf: { readonly x: readonly Uint8Array[]; readonly h: readonly Uint8Array[] };
let item: UpdateItem;
beforeAll(async () => {
  made = await makeKeys(D);
  key = made.key;
  vk = readKey(made.verifyingKey);
  const { images } = readUpdateKey(made.bytes);
  const split = (bytes: Uint8Array): Uint8Array[] =>
    Array.from({ length: bytes.length / 64 }, (_, i) => bytes.subarray(64 * i, 64 * i + 64));
  imagesOf = { x: split(images.x), h: split(images.h) };
  item = await itemOf(made, 'c1', secretOf(valuesOf(1, D), 1), ONE);
}, 60_000);
afterAll(endSnarkjs);

const parts = (from: UpdateItem): UpdateProofParts =>
  splitUpdateProof(from.proof) as UpdateProofParts;
const changed = (from: UpdateItem, change: Partial<UpdateProofParts>): UpdateItem => ({
  ...from,
  proof: writeUpdateProof({ ...parts(from), ...change }),
});
const verdict = (of: UpdateItem, terms: UpdateTerms = ONE): unknown =>
  verifyUpdates(key, terms, [of]);

/** Context, bound and challenge as an honest verifier computes them. */
const knownOf = ({ client, commitment, proof }: UpdateItem, terms: UpdateTerms = ONE) => {
  const context = contextOf(key, terms, client, 0);
  const { commitmentH } = splitUpdateProof(proof) as UpdateProofParts;
  const challenge = challengeOf(key, context, terms.normMax, commitment, commitmentH);
  return [context, BigInt(terms.normMax), challenge] as const;
};

/** The naive verifier: context and challenge are computed, but knowledge is not looked at. */
const withoutKnowledge = (of: UpdateItem, terms: UpdateTerms = ONE): boolean =>
  naiveVerifyHidden(
    vk,
    knownOf(of, terms),
    [of.commitment, parts(of).commitmentH],
    parts(of).proof,
  );

/** The naive verifier that takes the known numbers from the prover. */
const withKnown = (of: UpdateItem, known: readonly bigint[], proof?: ProofParts): boolean =>
  naiveVerifyHidden(vk, known, [of.commitment, parts(of).commitmentH], proof ?? parts(of).proof);

const ic = (i: number): Uint8Array => vk.ic[i] as Uint8Array;
const added = (point: Uint8Array, more: ReturnType<typeof readG1>): Uint8Array =>
  g1Bytes(readG1(point).add(more));

/** A client's update with the circuit's inputs, and the proof of another. */
async function draft(secret: SecretUpdate, terms: UpdateTerms) {
  let seen: UpdateInputs | undefined;
  const prove: UpdateProver = async (inputs) => {
    seen = inputs;
    return parts(item).proof;
  };
  const first = await itemOf({ ...made, prove }, 'c1', secret, terms);
  return { first, inputs: seen as UpdateInputs };
}

test('unmodified, it is accepted by us and by the naive verifiers', () => {
  expect(verdict(item)).toEqual(VALID);
  expect(withoutKnowledge(item)).toBe(true);
  expect(withKnown(item, knownOf(item))).toBe(true);
  expect(withKnown(item, [1n, 2n, 3n])).toBe(false);
});

describe('commitments without knowledge', () => {
  test('that cancel the rest of the equation prove anything: A = α, B = β, C = 0', () => {
    const lie = [666n, 0n, 12_345n];
    const { commitmentH } = parts(item);
    const rest = statementPoint(vk.ic.slice(0, 4).map(readG1), lie).add(readG1(commitmentH));
    const commitment = g1Bytes(rest.negate());
    const forged = { ...item, commitment };
    const asPublished = { a: vk.alpha, b: vk.beta, c: new Uint8Array(64) };
    expect(withKnown(forged, lie, asPublished)).toBe(true);
    expect(verdict(changed(forged, { proof: writeProof(asPublished) }))).toEqual(
      INVALID('point-at-infinity', 0),
    );
    // The same without infinity: B = β + δ, C = α.
    const b = g2Bytes(readG2(vk.beta).add(readG2(vk.delta)));
    const dressed = { a: vk.alpha, b, c: vk.alpha };
    expect(withKnown(forged, lie, dressed)).toBe(true);
    const proof = writeProof(dressed);
    expect(verdict(changed(forged, { proof }))).toEqual(INVALID('knowledge', 0));
    expect(verdict(changed(forged, { proof, imageX: commitment }))).toEqual(
      INVALID('knowledge', 0),
    );
  });

  test('that hold some of the bound raise it', async () => {
    // The proof is an honest one of a bound that is higher by 10^9; C_X makes up for the difference.
    const more = 10n ** 9n;
    const values = valuesOf(1, D).fill(32_767, 0, 2).fill(20_000, 5, 6);
    const secret = secretOf(values, 1);
    await expect(itemOf(made, 'c1', secret, ONE)).rejects.toMatchObject({ code: 'out-of-range' });
    const { first, inputs } = await draft(secret, { ...ONE, normMax: ONE.normMax + Number(more) });
    const shift = times(readG1(ic(2)), more);
    const forged = { ...first, commitment: added(first.commitment, shift) };
    const [, normMax, challenge] = knownOf(forged);
    const proof = await made.prove({ ...inputs, alpha: String(challenge) });
    const final = changed(forged, { proof });
    expect(normMax).toBe(BigInt(ONE.normMax));
    expect(withoutKnowledge(final)).toBe(true);
    expect(verdict(final)).toEqual(INVALID('knowledge', 0));
    // Nor with any image that can be made of public points.
    for (const image of [final.commitment, first.commitment, added(parts(first).imageX, shift)]) {
      expect(verdict(changed(final, { imageX: image }))).toEqual(INVALID('knowledge', 0));
    }
  });

  test('that move a value from one group to the other change what is added up', async () => {
    // C_X says 5 more at place 0 than the proof, and C_H says 5·IC_x0 less.
    const secret = secretOf(valuesOf(1, D), 1);
    const { first, inputs } = await draft(secret, ONE);
    const place = groupsFor(D).x.first + 1;
    const shift = times(readG1(ic(place)), 5n);
    const forged = changed(
      { ...first, commitment: added(first.commitment, shift) },
      {
        commitmentH: added(parts(first).commitmentH, shift.negate()),
        // This half is honest: whoever says 5 more knows it.
        imageX: added(parts(first).imageX, times(readG1(imagesOf.x[1] as Uint8Array), 5n)),
      },
    );
    const [, , challenge] = knownOf(forged);
    const proof = await made.prove({ ...inputs, alpha: String(challenge) });
    const final = changed(forged, { proof });
    expect(withoutKnowledge(final)).toBe(true);
    expect(verdict(final)).toEqual(INVALID('knowledge', 0));
    // With one σ for both groups this would pass: the image of the shift is public. With two it is none.
    const image = times(readG1(imagesOf.x[1] as Uint8Array), 5n).negate();
    const patched = changed(final, { imageH: added(parts(final).imageH, image) });
    expect(verdict(patched)).toEqual(INVALID('knowledge', 0));
  });

  test('that are swapped fit the first equation, as it only knows their sum', () => {
    const { imageX, commitmentH, imageH } = parts(item);
    const swapped = changed(
      { ...item, commitment: commitmentH },
      { commitmentH: item.commitment, imageX: imageH, imageH: imageX },
    );
    expect(withKnown(swapped, knownOf(item))).toBe(true);
    expect(verdict(swapped)).toEqual(INVALID('knowledge', 0));
    expect(verdict(changed(item, { imageX: imageH, imageH: imageX }))).toEqual(
      INVALID('knowledge', 0),
    );
  });
});

describe('challenges', () => {
  test('that the prover chooses prove values that are out of range', async () => {
    // 40,000 has no upper byte: 284 is none. For a challenge that is known, counts can be made up.
    const x = Array.from(valuesOf(2, D), BigInt).with(5, 40_000n);
    const help = helpFor(valuesOf(2, D));
    const hi = Array.from(help.subarray(0, D), BigInt).with(5, 284n);
    const m = Array.from(help.subarray(D), BigInt);
    const terms = { ...ONE, normMax: 2 ** 33 };
    const context = contextOf(key, terms, item.client, 0);
    const alpha = 10n ** 60n;
    const chosen = {
      ctx: context,
      normMax: BigInt(terms.normMax),
      alpha,
      blindX: 8n,
      x,
      blindH: 9n,
      hi,
      m,
    };
    const fitted = { ...chosen, m: m.with(0, fittedCount(chosen)) };
    const groups = groupsFor(D);
    const points = (which: 'x' | 'h') => {
      const { first, values } = groups[which];
      return vk.ic.slice(first, first + values + 1);
    };
    const secret = { x: [8n, ...x], h: [9n, ...hi, ...fitted.m] };
    const strings = (values: readonly bigint[]): string[] => values.map(String);
    const proof = await made.prove({
      ctx: String(context),
      normMax: String(terms.normMax),
      alpha: String(alpha),
      blindX: '8',
      blindH: '9',
      x: strings(x),
      hi: strings(hi),
      m: strings(fitted.m),
    });
    // Whoever sends this knows all of it: only the challenge is wrong.
    const forged: UpdateItem = {
      client: item.client,
      commitment: g1Bytes(slowCommitment(points('x'), secret.x)),
      proof: writeUpdateProof({
        imageX: g1Bytes(slowCommitment(imagesOf.x, secret.x)),
        commitmentH: g1Bytes(slowCommitment(points('h'), secret.h)),
        imageH: g1Bytes(slowCommitment(imagesOf.h, secret.h)),
        proof,
      }),
    };
    expect(withKnown(forged, [context, BigInt(terms.normMax), alpha])).toBe(true);
    expect(verdict(forged, terms)).toEqual(INVALID('equation', 0));
    // And for the challenge that follows from these commitments there is no witness.
    const [, , challenge] = knownOf(forged, terms);
    const honest = made.prove({
      ctx: String(context),
      normMax: String(terms.normMax),
      alpha: String(challenge),
      blindX: '8',
      blindH: '9',
      x: strings(x),
      hi: strings(hi),
      m: strings(fitted.m),
    });
    await expect(honest).rejects.toThrow(/do not hold/);
  });

  test('are what the documents say they are', () => {
    const bytes = (value: bigint): Uint8Array =>
      Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
    const context = slowHashToScalar(
      'update/context',
      Buffer.from('veilsum/zk/update/v1'),
      ONE.planHash,
      ONE.roundId,
      ONE.contextHash,
      Buffer.from('c1'),
      Buffer.from([0, 0, 0, 0]),
      key.hash,
    );
    const challenge = slowHashToScalar(
      'update/challenge',
      bytes(context),
      bytes(BigInt(ONE.normMax)),
      key.hash,
      item.commitment,
      parts(item).commitmentH,
    );
    expect(knownOf(item)).toEqual([context, BigInt(ONE.normMax), challenge]);
  });
});

describe('proofs carried elsewhere', () => {
  test('another round, plan, context or client: refused', () => {
    const other = new Uint8Array(32).fill(9);
    for (const change of [{ roundId: other }, { planHash: other }, { contextHash: other }]) {
      const terms = { ...ONE, ...change };
      // Who takes the known numbers from the proof's maker accepts it in any round.
      expect(withKnown(item, knownOf(item))).toBe(true);
      expect(verdict(item, terms)).toEqual(INVALID('equation', 0));
    }
    expect(verdict({ ...item, client: clientId('c2') })).toEqual(INVALID('equation', 0));
  });

  test('a chunk in the place of another: refused', async () => {
    const good = await itemOf(made, 'c1', secretOf(valuesOf(1)));
    expect(verdict(good, TERMS)).toEqual(VALID);
    const first = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length / 2);
    const twice = (bytes: Uint8Array): Uint8Array =>
      Uint8Array.from([...first(bytes), ...first(bytes)]);
    const replayed = { ...good, commitment: twice(good.commitment), proof: twice(good.proof) };
    expect(verdict(replayed, TERMS)).toEqual(INVALID('equation', 1));
  });

  test('fewer or more chunks: refused', () => {
    expect(verdict(item, TERMS)).toEqual(INVALID('commitment-malformed'));
    const long = { ...item, commitment: new Uint8Array(128) };
    expect(verdict(long, TERMS)).toEqual(INVALID('proof-malformed'));
    expect(verdict(long)).toEqual(INVALID('commitment-malformed'));
  });

  test('under another key: refused', async () => {
    const again = await makeKeys(D);
    expect(verifyUpdates(again.key, ONE, [item])).toMatchObject({ valid: false });
  });

  test('(−A, −B, C) is valid too, and is the same update', () => {
    const { a, b, c } = splitProof(parts(item).proof) as ProofParts;
    const proof = writeProof({
      a: g1Bytes(readG1(a).negate()),
      b: g2Bytes(readG2(b).negate()),
      c,
    });
    const twin = changed(item, { proof });
    expect(equalBytes(twin.proof, item.proof)).toBe(false);
    const accepted = new Set<string>();
    expect(verifyUpdates(key, ONE, [item], accepted)).toEqual(VALID);
    expect(verdict(twin)).toEqual(VALID);
    expect(verifyUpdates(key, ONE, [twin], accepted)).toEqual(INVALID('replayed', 0));
  });
});

describe('batches', () => {
  test('equations that make up for each other: refused', () => {
    const shift = times(bn254.G1.Point.BASE, 77n);
    const { imageX, imageH } = parts(item);
    const skew = changed(item, {
      imageX: added(imageX, shift),
      imageH: added(imageH, shift.negate()),
    });
    // One power for all equations of an update: the product is one.
    const inside = insideOf(key);
    const point = (bytes: Uint8Array) => noblePairing.g1(bytes) as never;
    const equations = (of: UpdateItem) => {
      const { imageX, commitmentH, imageH, proof } = parts(of);
      const [x, h] = [point(of.commitment), point(commitmentH)];
      return [
        equationOf(inside.groth16, { publics: knownOf(of), proof }, 3, [x, h]) as never,
        knowledgeEquation(inside, 'x', x, point(imageX)),
        knowledgeEquation(inside, 'h', h, point(imageH)),
      ];
    };
    expect(equationsHold(noblePairing, equations(item), [5n, 5n, 5n])).toBe(true);
    expect(equationsHold(noblePairing, equations(skew), [5n, 5n, 5n])).toBe(true);
    expect(equationsHold(noblePairing, equations(skew), [5n, 6n, 7n])).toBe(false);
    expect(verdict(skew)).toEqual(INVALID('knowledge', 0));
  });
});

describe('encodings', () => {
  test('that no client makes get a reason', () => {
    expect(verdict(item)).toEqual(VALID);
    const bad = {
      'point-at-infinity': new Uint8Array(64),
      'point-off-curve': offCurve(),
      'point-not-canonical': new Uint8Array(64).fill(255),
    };
    for (const [reason, point] of Object.entries(bad)) {
      expect(verdict({ ...item, commitment: point })).toEqual(INVALID(reason, 0));
      for (const place of ['imageX', 'commitmentH', 'imageH'] as const) {
        expect(verdict(changed(item, { [place]: point }))).toEqual(INVALID(reason, 0));
      }
    }
    // x + p is another encoding of the same coordinate.
    const alias = item.commitment.slice();
    const shifted = BigInt(`0x${Buffer.from(alias.subarray(0, 32)).toString('hex')}`) + P;
    alias.set(Buffer.from(shifted.toString(16).padStart(64, '0'), 'hex'));
    expect(verdict({ ...item, commitment: alias })).toEqual(INVALID('point-not-canonical', 0));
  });

  test('that are no bytes, no client, or of another version', () => {
    for (const none of [undefined, null, 5, 'text', [], new Uint8Array(3)]) {
      expect(verdict({ ...item, proof: none as never })).toEqual(INVALID('proof-malformed'));
      expect(verdict({ ...item, commitment: none as never })).toEqual(
        INVALID('commitment-malformed'),
      );
    }
    for (const none of [undefined, null, 5, '', 'x'.repeat(65), '\ud800', 'e\u0301']) {
      expect(verdict({ ...item, client: none as never })).toEqual(INVALID('client-malformed'));
    }
    for (const none of [undefined, null, 5]) {
      expect(verdict(none as never)).toEqual(INVALID('client-malformed'));
    }
    for (const [at, reason] of [
      [0, 'proof-malformed'],
      [1, 'proof-malformed'],
      [194, 'proof-malformed'],
      [195, 'proof-malformed'],
    ] as const) {
      const proof = item.proof.with(at, 99);
      expect(verdict({ ...item, proof })).toEqual(INVALID(reason, 0));
    }
  });

  test('no flipped bit is accepted', () => {
    for (let at = 0; at < item.proof.length; at += 31) {
      const proof = item.proof.with(at, (item.proof[at] as number) ^ 1);
      expect(verdict({ ...item, proof })).toMatchObject({ valid: false });
    }
    const commitment = item.commitment.with(63, (item.commitment[63] as number) ^ 1);
    expect(verdict({ ...item, commitment })).toMatchObject({ valid: false });
  });
});
