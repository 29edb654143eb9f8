/**
 * What a lying coordinator, alone or with clients of its own, may try on a bundle. Each attack first sees
 * that the honest bundle is valid; each convinces a verifier that leaves one check out, and not ours.
 */

import { bn254 } from '@noble/curves/bn254.js';
import { inMemorySigner, type Signer } from 'veilsum';
import { trustIn, verifyBundle } from 'veilsum/verify';
import {
  addCommitments,
  commitmentBases,
  commitVector,
  type FastCurve,
  fastCurve,
  freshBlinding,
  openSum,
} from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signWith } from '../../src/identity/signer.ts';
import { packInto, unpackInto } from '../../src/ring/packing.ts';
import { type Bundle, decodeBundle } from '../../src/round/bundle/format.ts';
import { termsOf } from '../../src/round/plan.ts';
import {
  decodeMaskHeader,
  decodeShareHeader,
  encodeConfirmHeader,
  encodeMaskHeader,
  encodeShareHeader,
} from '../../src/secagg/messages.ts';
import { headerHash, isSigned, signMessage } from '../../src/secagg/signed.ts';
import { hashOfCommitments, hashOfU2, hashOfU3, u2Leaf } from '../../src/secagg/survivors.ts';
import type { Terms } from '../../src/secagg/terms.ts';
import { fromBitmap, toBitmap } from '../../src/wire/bitmap.ts';
import { signedContent } from '../../src/wire/envelope.ts';
import { merkleRoot } from '../../src/wire/merkle.ts';
import { party } from '../support/round.ts';
import { changed, codesOf, type Proven, proven, TINY } from './support.ts';

const VOTES = [1, 2, 3, 4];
/** Votes from 0 to 9 are committed to as integers of four bits around zero. */
const WIDTH = 4;
const OFFSET = 2 ** (WIDTH - 1);
let fast: FastCurve;
let honest: Proven;
/** Another round of the same clients under the same kind of plan. */
let other: Proven;
let terms: Terms;
beforeAll(async () => {
  fast = (await fastCurve()) as FastCurve;
  const people = await party(4);
  const inputs = (id: string) => ({ votes: [VOTES[people.ids.indexOf(id)] as number] });
  honest = await proven(people, TINY, { inputs });
  other = await proven(people, TINY, { inputs });
  terms = termsOf(honest.plan as never);
});
afterAll(() => fast.dispose());

/** The codes on both engines, which must agree. */
async function refusals(bundle: Uint8Array, trust = honest.trust): Promise<readonly string[]> {
  expect(await codesOf(honest.bundle, honest.trust), 'the honest one').toEqual([]);
  const codes = await codesOf(bundle, trust);
  expect(await codesOf(bundle, trust, fast)).toEqual(codes);
  return codes;
}

const bits = () => honest.plan.shapes[0]?.modulusBits as number;

function sumOf({ aggregate }: Pick<Bundle, 'aggregate'>): number {
  const out = new Uint32Array(1);
  unpackInto(out, aggregate[0] as Uint8Array, bits());
  return out[0] as number;
}

function packed(sum: number): readonly Uint8Array[] {
  const out = new Uint8Array(Math.ceil(bits() / 8));
  packInto(out, Uint32Array.of(sum), bits());
  return [out];
}

const signerOf = (index: number): Signer =>
  honest.people.signers.get(honest.people.ids[index] as string) as Signer;

const swapped = <T>(list: readonly T[], i: number, j: number): readonly T[] =>
  list.map((entry, at) => (at === i ? list[j] : at === j ? list[i] : entry) as T);

describe('the sum', () => {
  test('off by one', async () => {
    const up = changed(honest.bundle, (parts) => ({ aggregate: packed(sumOf(parts) + 1) }));
    expect(sumOf(decodeBundle(honest.bundle))).toBe(10);
    expect(await refusals(up)).toEqual(['does-not-open']);
    const down = changed(honest.bundle, (parts) => ({ aggregate: packed(sumOf(parts) - 1) }));
    expect(await refusals(down)).toEqual(['does-not-open']);
  });

  test('beyond what four clients can put in', async () => {
    const beyond = changed(honest.bundle, () => ({ aggregate: packed(4 * 9 + 1) }));
    expect(await refusals(beyond)).toContain('out-of-bounds');
  });

  test('under other blindings, or their number plus the order of the group', async () => {
    const off = changed(honest.bundle, ({ blindings }) => {
      const more = blindings.slice();
      more[31] = (more[31] as number) ^ 1;
      return { blindings: more };
    });
    expect(await refusals(off)).toEqual(['does-not-open']);
    const wrapped = changed(honest.bundle, ({ blindings }) => {
      const value = BigInt(`0x${Buffer.from(blindings).toString('hex')}`) + bn254.fields.Fr.ORDER;
      return { blindings: Buffer.from(value.toString(16).padStart(64, '0'), 'hex') };
    });
    // The same scalar: on the curve it opens.
    expect(await refusals(wrapped)).toEqual(['does-not-open']);
  });
});

describe('the clients', () => {
  test('one is dropped, and its part of the sum with it', async () => {
    const without = (index: number) =>
      changed(honest.bundle, (parts) => {
        const left = fromBitmap(parts.u3, 4, 'U3').filter((i) => i !== index);
        const hash = headerHash(terms, 'share', {
          ...(parts.contributors[index] as Bundle['contributors'][number]).share,
          sender: index,
        });
        const signers = fromBitmap(parts.signers, 4, 'signers').filter((i) => i !== index);
        const signatures = signers.map((i) => parts.signatures.subarray(64 * i, 64 * i + 64));
        return {
          u3: toBitmap(left, 4),
          absent: hash,
          contributors: parts.contributors.filter((_, i) => i !== index),
          signers: toBitmap(signers, 4),
          signatures: Buffer.concat(signatures),
          aggregate: packed(sumOf(parts) - (VOTES[index] as number)),
        };
      });
    expect(await refusals(without(3))).toEqual(['does-not-open', 'no-quorum']);
  });

  test('one is counted twice, in the place of another', async () => {
    const repeated = changed(honest.bundle, ({ contributors }) => ({
      contributors: [contributors[0], contributors[0], ...contributors.slice(2)] as never,
    }));
    expect(await refusals(repeated)).toEqual([
      'bad-commitment',
      'bad-signature',
      'does-not-open',
      'no-quorum',
      'other-u2',
    ]);
  });

  test('two are swapped', async () => {
    const bundle = changed(honest.bundle, ({ contributors }) => ({
      contributors: swapped(contributors, 0, 1),
    }));
    expect(await refusals(bundle)).toContain('bad-signature');
  });

  test('what one said in another round is replayed', async () => {
    expect(await codesOf(other.bundle, other.trust)).toEqual([]);
    const [theirs] = decodeBundle(other.bundle).contributors;
    const replayed = changed(honest.bundle, ({ contributors }) => ({
      contributors: [theirs, ...contributors.slice(1)] as never,
    }));
    expect(await refusals(replayed)).toContain('bad-signature');
  });

  test('the whole round is another', async () => {
    const { plan } = decodeBundle(honest.bundle);
    const codes = await refusals(changed(other.bundle, () => ({ plan })));
    expect(codes).toContain('bad-signature');
    expect(codes).toContain('no-quorum');
  });
});

describe('the quorum', () => {
  test('is missing', async () => {
    const none = changed(honest.bundle, () => ({
      signers: new Uint8Array(1),
      signatures: new Uint8Array(0),
    }));
    expect(await refusals(none)).toEqual(['no-quorum']);
    const few = changed(honest.bundle, ({ signatures }) => ({
      signers: Uint8Array.of(0b11),
      signatures: signatures.subarray(0, 128),
    }));
    expect(honest.plan.quorum).toBeGreaterThan(2);
    expect(await refusals(few)).toEqual(['no-quorum']);
  });

  test('is signed by others', async () => {
    const stranger = inMemorySigner();
    const signature = await signWith(stranger, new Uint8Array(1));
    const forged = changed(honest.bundle, ({ signatures }) => ({
      signatures: Buffer.concat([signature, signatures.subarray(64)]),
    }));
    expect(await refusals(forged)).toEqual(['no-quorum']);
    const turned = changed(honest.bundle, ({ signatures }) => ({
      signatures: Buffer.concat([
        signatures.subarray(64, 128),
        signatures.subarray(0, 64),
        signatures.subarray(128),
      ]),
    }));
    expect(await refusals(turned)).toEqual(['no-quorum']);
  });

  test('confirmed another round', async () => {
    const { signatures } = decodeBundle(other.bundle);
    expect(await refusals(changed(honest.bundle, () => ({ signatures })))).toEqual(['no-quorum']);
  });
});

/**
 * The coordinator and the last client work together, and hold this client's key. They may sign anew what
 * it says. Honest clients confirm a root of headers that they do not see, so confirmations of it are theirs
 * for the asking: in these tests they get all of them.
 */
async function colluding(
  commitmentsOf: (others: readonly Uint8Array[]) => Promise<Uint8Array> | Uint8Array,
  of: { readonly sum: number; readonly blinding: Uint8Array; readonly promise?: 'mended' },
): Promise<Uint8Array> {
  const parts = decodeBundle(honest.bundle);
  const last = 3;
  const revealed = parts.contributors.map(
    ({ mask }) => decodeMaskHeader(terms, mask.header).commitments,
  );
  const commitments = await commitmentsOf(revealed.slice(0, last));
  const [said] = parts.contributors.slice(last) as [Bundle['contributors'][number]];
  const signedAnew = async (phase: 'share' | 'mask', header: Uint8Array) => {
    const { payloadDigest } = said[phase];
    const unsigned = { sender: last, header, payloadDigest };
    const content = signedContent(terms.roundId, phase === 'share' ? 2 : 3, unsigned);
    return { ...unsigned, signature: await signWith(signerOf(last), content) };
  };
  const shareHeader = decodeShareHeader(terms, said.share.header);
  const share =
    of.promise === undefined
      ? { ...said.share, sender: last }
      : await signedAnew(
          'share',
          encodeShareHeader({
            ...shareHeader,
            commitments: hashOfCommitments(terms, last, commitments),
          }),
        );
  const shares = parts.contributors.map((c, i) => (i === last ? share : { ...c.share, sender: i }));
  const leaves = shares.map((s, i) =>
    u2Leaf(i, parts.adverts.subarray(32 * i, 32 * i + 32), headerHash(terms, 'share', s)),
  );
  const u2Hash = hashOfU2(terms, parts.u2, merkleRoot(leaves));
  const mask = await signedAnew('mask', encodeMaskHeader({ u2Hash, commitments }));
  const masks = parts.contributors.map((c, i) => (i === last ? mask : { ...c.mask, sender: i }));
  const header = encodeConfirmHeader({
    u2Hash,
    u3Hash: hashOfU3(terms, parts.u3),
    headersRoot: merkleRoot(masks.map((m) => headerHash(terms, 'mask', m))),
  });
  const signatures = await Promise.all(
    [0, 1, 2, 3].map(
      async (i) => (await signMessage(terms, 'confirm', i, signerOf(i), header)).said.signature,
    ),
  );
  return changed(honest.bundle, () => ({
    contributors: shares.map((s, i) => ({ share: s, mask: masks[i] as typeof mask })),
    signatures: Buffer.concat(signatures),
    aggregate: packed(of.sum),
    blindings: of.blinding,
  }));
}

/** A verifier that checks what was signed, the quorum, and the opening, and knows nothing of promises. */
async function naive(bundle: Uint8Array): Promise<boolean> {
  const parts = decodeBundle(bundle);
  const masks = parts.contributors.map(({ mask }, sender) => ({ ...mask, sender }));
  const headers = masks.map(({ header }) => decodeMaskHeader(terms, header));
  const header = encodeConfirmHeader({
    u2Hash: headers[3]?.u2Hash as Uint8Array,
    u3Hash: hashOfU3(terms, parts.u3),
    headersRoot: merkleRoot(masks.map((said) => headerHash(terms, 'mask', said))),
  });
  const confirmed = fromBitmap(parts.signers, 4, 'signers').filter((sender, i) => {
    const signature = parts.signatures.subarray(64 * i, 64 * i + 64);
    const payloadDigest = new Uint8Array(0);
    return isSigned(terms, 'confirm', { sender, header, payloadDigest, signature });
  });
  const opened = await openSum(await commitmentBases(1), {
    length: 1,
    groups: [{ bits: WIDTH, commitments: headers.map(({ commitments }) => commitments) }],
    aggregate: [sumOf(parts) - 4 * OFFSET],
    blindings: [parts.blindings],
  });
  const isAllSigned = masks.every((said) => isSigned(terms, 'mask', said));
  return isAllSigned && confirmed.length >= terms.quorum && opened.valid;
}

describe('a commitment that depends on the others', () => {
  const chosen = 36;

  /** Com(A*) less the sum of the others: its maker knows no vector behind it. */
  async function made(blinding: Uint8Array, others: readonly Uint8Array[]): Promise<Uint8Array> {
    const bases = await commitmentBases(1);
    const wanted = await commitVector(bases, Int32Array.of(chosen - 4 * OFFSET), 8, [blinding]);
    const sum = addCommitments(others);
    const y = BigInt(`0x${Buffer.from(sum.subarray(32)).toString('hex')}`);
    const negated = sum.slice();
    negated.set(Buffer.from((bn254.fields.Fp.ORDER - y).toString(16).padStart(64, '0'), 'hex'), 32);
    return addCommitments([wanted, negated]);
  }

  test('makes any sum open, and was promised by nobody', async () => {
    expect(await naive(honest.bundle)).toBe(true);
    expect(await naive(changed(honest.bundle, () => ({ aggregate: packed(11) })))).toBe(false);
    const blinding = freshBlinding();
    const bundle = await colluding((others) => made(blinding, others), { sum: chosen, blinding });
    expect(await naive(bundle)).toBe(true);
    expect(await refusals(bundle)).toEqual(['bad-commitment']);
    const verdict = await verifyBundle(bundle, honest.trust);
    expect(verdict.reasons).toEqual([
      expect.objectContaining({ code: 'bad-commitment', client: 'client-3' }),
    ]);
  });

  test('promised afterwards, it is under another list of participants', async () => {
    const blinding = freshBlinding();
    const bundle = await colluding((others) => made(blinding, others), {
      sum: chosen,
      blinding,
      promise: 'mended',
    });
    expect(await naive(bundle)).toBe(true);
    expect(await refusals(bundle)).toEqual(['other-u2']);
    const { reasons } = await verifyBundle(bundle, honest.trust);
    expect(reasons.map(({ client }) => client)).toEqual(['client-0', 'client-1', 'client-2']);
  });

  test('a hash that does not name its sender can be promised unseen: ours cannot be copied', () => {
    const { contributors } = decodeBundle(honest.bundle);
    const [first] = contributors.map(
      ({ mask }) => decodeMaskHeader(terms, mask.header).commitments,
    ) as [Uint8Array];
    const [promised] = contributors.map(
      ({ share }) => decodeShareHeader(terms, share.header).commitments,
    ) as [Uint8Array];
    expect(hashOfCommitments(terms, 0, first)).toEqual(promised);
    expect(hashOfCommitments(terms, 3, first)).not.toEqual(promised);
  });
});

test('commitments that are no points', async () => {
  const bundle = await colluding(() => new Uint8Array(64).fill(1), {
    sum: 10,
    blinding: freshBlinding(),
    promise: 'mended',
  });
  expect(await refusals(bundle)).toEqual(['bad-commitment', 'does-not-open', 'other-u2']);
});

test('a plan that is made for the bundle is not the trusted one', async () => {
  const mine = await proven(await party(4), TINY, { inputs: () => ({ votes: [9] }) });
  expect(await codesOf(mine.bundle, mine.trust)).toEqual([]);
  expect(await refusals(mine.bundle)).toEqual(['wrong-plan']);
  const { plan: _, ...unpinned } = honest.trust;
  expect(await refusals(mine.bundle, unpinned)).toEqual(['wrong-roster']);
  expect(trustIn(mine.plan).roster).not.toBe(honest.trust.roster);
});
