/**
 * Opening sums. Every attack here first works: on a naive verifier written in this file, or, where
 * `openSum` says that others must prevent it, on `openSum` itself.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  addBlindings,
  addCommitments,
  type CommitmentBases,
  type CommittedGroup,
  chunkCount,
  commitmentBases,
  commitVector,
  freshBlinding,
  type OpeningClaim,
  type OpeningFault,
  type OpeningVerdict,
  openSum,
} from '../../../src/zk/commitment/index.ts';
import { hashToCurve } from '../../../src/zk/curve/hash-to-curve.ts';
import {
  affine,
  encodePoint,
  FIELD_PRIME,
  GROUP_ORDER,
  negated,
  type Point,
  projective,
  readBigEndian,
  readPoint,
  sumPoints,
  writeBigEndian,
} from '../../../src/zk/curve/points.ts';
import { openCurve, slowSum } from '../support.ts';

const DST = 'veilsum-v1-commitment-BN254G1_XMD:SHA-256_SVDW_RO_';
const CLIENTS = 4;
const LENGTH = 6;
const BITS = 8;

let all: readonly CommitmentBases[];
let G: readonly Point[];
let H: Point;
beforeAll(async () => {
  all = [
    await commitmentBases(30_000, { curve: await openCurve() }),
    await commitmentBases(30_000),
    await commitmentBases(30_000, { curve: await openCurve(false) }),
  ];
  G = await hashToCurve(
    Array.from({ length: LENGTH + 1 }, (_, j) => Uint8Array.of(0x47, 0, 0, 0, j)),
    DST,
  );
  [H] = (await hashToCurve([Uint8Array.of(0x48)], DST)) as [Point];
});

type Client = { x: Int32Array; r: Uint8Array[]; c: Uint8Array };

const clientsOf = async (
  bases: CommitmentBases,
  length: number = LENGTH,
  count: number = CLIENTS,
): Promise<Client[]> =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const x = Int32Array.from({ length }, (_, j) => Math.imul(j + i, 0x9e3779b1) >> 24);
      const r = Array.from({ length: chunkCount(length) }, freshBlinding);
      return { x, r, c: await commitVector(bases, x, BITS, r) };
    }),
  );

const claimOf = (clients: readonly Client[]): OpeningClaim & { readonly aggregate: number[] } => {
  const [{ x, r }] = clients as [Client];
  return {
    length: x.length,
    groups: [{ bits: BITS, commitments: clients.map(({ c }) => c) }],
    aggregate: Array.from(x, (_, j) => clients.reduce((sum, one) => sum + (one.x[j] as number), 0)),
    blindings: r.map((_, chunk) =>
      addBlindings(...clients.map((one) => one.r[chunk] as Uint8Array)),
    ),
  };
};

/** What the equation alone would accept: lenient points, everything modulo the order, no bounds. */
function naive(claim: {
  groups: readonly CommittedGroup[];
  aggregate: ArrayLike<number | bigint>;
  blindings: readonly Uint8Array[];
}): boolean {
  const reduced = (value: bigint): bigint => ((value % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER;
  const lenient = (bytes: Uint8Array): Point => ({
    x: readBigEndian(bytes.subarray(0, 32)) % FIELD_PRIME,
    y: readBigEndian(bytes.subarray(32)) % FIELD_PRIME,
  });
  const scalars = Array.from(claim.aggregate, (value) => reduced(BigInt(value)));
  const blinding = reduced(readBigEndian(claim.blindings[0] as Uint8Array));
  const opened = slowSum([...G.slice(0, scalars.length), H], [...scalars, blinding]);
  const sum = sumPoints(claim.groups.flatMap(({ commitments }) => commitments.map(lenient)));
  return opened.x === sum.x && opened.y === sum.y;
}

const withCommitments = (
  claim: OpeningClaim,
  commitments: readonly Uint8Array[],
): OpeningClaim => ({
  ...claim,
  groups: [{ bits: BITS, commitments }],
});

const commitmentsOf = (claim: OpeningClaim): readonly Uint8Array[] =>
  claim.groups[0]?.commitments as readonly Uint8Array[];

/** Runs on all engines, on a claim that verifies to begin with. */
const onAll =
  (
    attack: (
      bases: CommitmentBases,
      clients: Client[],
      claim: ReturnType<typeof claimOf>,
    ) => Promise<void>,
  ) =>
  async (): Promise<void> => {
    for (const bases of all) {
      const clients = await clientsOf(bases);
      const claim = claimOf(clients);
      expect(await openSum(bases, claim)).toEqual({ valid: true });
      expect(naive(claim)).toBe(true);
      await attack(bases, clients, claim);
    }
  };

const refused = (reason: OpeningFault, more: object = {}): OpeningVerdict => ({
  valid: false,
  reason,
  ...more,
});
const notOpened = refused('does-not-open', { chunk: 0 });

describe('another sum is refused', () => {
  test(
    'off by one, and off by the order of the group',
    onAll(async (bases, _, claim) => {
      for (const step of [1, -1]) {
        const aggregate = claim.aggregate.map((a, j) => (j === 2 ? a + step : a));
        expect(await openSum(bases, { ...claim, aggregate })).toEqual(notOpened);
      }
      const wrapped = claim.aggregate.map((a, j) =>
        j === 2 ? BigInt(a) + GROUP_ORDER : BigInt(a),
      );
      expect(naive({ ...claim, aggregate: wrapped })).toBe(true);
      const aggregate = wrapped as unknown as number[];
      expect(await openSum(bases, { ...claim, aggregate })).toEqual(
        refused('not-an-integer', { chunk: 0 }),
      );
    }),
  );

  test(
    'beyond what the clients can have added up to, though it opens',
    onAll(async (bases, clients, claim) => {
      const x = Int32Array.of(5_000, 0, 0, 0, 0, 0);
      const r = [freshBlinding()];
      const cheat: Client = { x, r, c: await commitVector(bases, x, 16, r) };
      const forged = claimOf([...clients.slice(1), cheat]);
      expect(naive(forged)).toBe(true);
      expect(await openSum(bases, forged)).toEqual(refused('out-of-range', { chunk: 0 }));
      expect(await openSum(bases, claim)).toEqual({ valid: true });
    }),
  );

  test(
    'longer by a zero, which a verifier that takes the length from the sum accepts',
    onAll(async (bases, _, claim) => {
      const aggregate = [...claim.aggregate, 0];
      expect(naive({ ...claim, aggregate })).toBe(true);
      expect(await openSum(bases, { ...claim, aggregate })).toEqual(refused('wrong-length'));
      expect(await openSum(bases, { ...claim, aggregate: claim.aggregate.slice(1) })).toEqual(
        refused('wrong-length'),
      );
    }),
  );

  test(
    'without one client, with one twice, with one replaced',
    onAll(async (bases, _, claim) => {
      const [a, b, c, d] = commitmentsOf(claim) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      const [stranger] = (await clientsOf(bases)) as [Client];
      const lists = [
        [a, b, c],
        [a, b, c, d, d],
        [a, b, c, c],
        [a, b, c, stranger.c],
      ];
      for (const list of lists) {
        expect(await openSum(bases, withCommitments(claim, list))).toEqual(notOpened);
      }
      expect(await openSum(bases, withCommitments(claim, [d, b, a, c]))).toEqual({ valid: true });
      expect(await openSum(bases, withCommitments(claim, []))).toEqual(refused('no-commitments'));
    }),
  );

  test(
    'under another blinding, and under one that is not below the order',
    onAll(async (bases, _, claim) => {
      const [r] = claim.blindings as [Uint8Array];
      const more = new Uint8Array(32);
      writeBigEndian(readBigEndian(r) + GROUP_ORDER, more);
      expect(naive({ ...claim, blindings: [more] })).toBe(true);
      const bad = refused('bad-blinding', { chunk: 0 });
      expect(await openSum(bases, { ...claim, blindings: [more] })).toEqual(bad);
      for (const other of [r.subarray(1), [...r], 'r', null]) {
        const blindings = [other] as unknown as Uint8Array[];
        expect(await openSum(bases, { ...claim, blindings })).toEqual(bad);
      }
      expect(await openSum(bases, { ...claim, blindings: [freshBlinding()] })).toEqual(notOpened);
      for (const blindings of [[], [r, r], undefined] as unknown as Uint8Array[][]) {
        expect(await openSum(bases, { ...claim, blindings })).toEqual(refused('wrong-length'));
      }
    }),
  );
});

describe('other bytes for the same points are refused', () => {
  test(
    'coordinates that are not below p',
    onAll(async (bases, _, claim) => {
      const [first, ...rest] = commitmentsOf(claim) as [Uint8Array, ...Uint8Array[]];
      for (const half of [0, 32]) {
        const bytes = Uint8Array.from(first);
        const part = bytes.subarray(half, half + 32);
        writeBigEndian(readBigEndian(part) + FIELD_PRIME, part);
        const forged = withCommitments(claim, [bytes, ...rest]);
        expect(naive(forged)).toBe(true);
        expect(await openSum(bases, forged)).toEqual(
          refused('bad-point', { chunk: 0, group: 0, member: 0 }),
        );
      }
    }),
  );

  test(
    'an added infinity, points off the curve, other lengths and kinds',
    onAll(async (bases, _, claim) => {
      const honest = commitmentsOf(claim);
      const added = withCommitments(claim, [...honest, new Uint8Array(64)]);
      expect(naive(added)).toBe(true);
      const bad = refused('bad-point', { chunk: 0, group: 0, member: CLIENTS });
      expect(await openSum(bases, added)).toEqual(bad);
      const off = new Uint8Array(64).fill(1);
      expect(await openSum(bases, withCommitments(claim, [...honest, off]))).toEqual(bad);
      const lengths = refused('wrong-length', { group: 0, member: CLIENTS });
      for (const other of [new Uint8Array(63), new Uint8Array(128), 'point', null, undefined]) {
        const list = [...honest, other] as Uint8Array[];
        expect(await openSum(bases, withCommitments(claim, list))).toEqual(lengths);
      }
    }),
  );

  test(
    'the opposite point is on the curve, and opens nothing',
    onAll(async (bases, _, claim) => {
      const [first, ...rest] = commitmentsOf(claim) as [Uint8Array, ...Uint8Array[]];
      const turned = encodePoint(negated(readPoint(first) as Point));
      expect(await openSum(bases, withCommitments(claim, [turned, ...rest]))).toEqual(notOpened);
    }),
  );

  test(
    'sums that are no integers',
    onAll(async (bases, _, claim) => {
      for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, 1n]) {
        const aggregate = [value, ...claim.aggregate.slice(1)] as number[];
        expect(await openSum(bases, { ...claim, aggregate })).toEqual(
          refused('not-an-integer', { chunk: 0 }),
        );
      }
      for (const aggregate of [undefined, null, 7] as unknown as number[][]) {
        expect(await openSum(bases, { ...claim, aggregate })).toEqual(refused('wrong-length'));
      }
    }),
  );
});

describe('what a commitment does and does not do', () => {
  test(
    'one that depends on the others opens to any sum: hashes announced before are what stops it',
    onAll(async (bases, clients) => {
      const wanted = Int32Array.of(100, -100, 100, -100, 100, -100);
      const r = freshBlinding();
      const target = await commitVector(bases, wanted, BITS, [r]);
      const honest = clients.slice(1).map(({ c }) => c);
      const others = readPoint(addCommitments(honest)) as Point;
      const malicious = addCommitments([target, encodePoint(negated(others))]);
      const claim: OpeningClaim = {
        length: LENGTH,
        groups: [{ bits: BITS, commitments: [malicious, ...honest] }],
        aggregate: wanted,
        blindings: [r],
      };
      expect(naive(claim)).toBe(true);
      expect(await openSum(bases, claim)).toEqual({ valid: true });

      // The rule of the round: hashes first. The hash of what depends on the rest cannot be given
      // before the rest is known, so the cheat announced something else.
      const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
      const announced = [await commitVector(bases, wanted, BITS, [r]), ...honest].map(hash);
      const keepsPromises = (list: readonly Uint8Array[]): boolean =>
        list.every((bytes, i) => hash(bytes) === announced[i]);
      expect(keepsPromises([target, ...honest])).toBe(true);
      expect(keepsPromises([malicious, ...honest])).toBe(false);
    }),
  );

  test('without blinding the vector is found by trying, with blinding it is not', async () => {
    for (const bases of all) {
      const secret = Int32Array.of(-77);
      const search = async (commitment: Uint8Array): Promise<number | undefined> => {
        const found = affine(projective(readPoint(commitment) as Point));
        for (let x = -128; x < 128; x++) {
          const guess = slowSum([G[0] as Point], [(BigInt(x) + GROUP_ORDER) % GROUP_ORDER]);
          if (guess.x === found.x && guess.y === found.y) return x;
        }
        return undefined;
      };
      expect(await search(await commitVector(bases, secret, BITS, [new Uint8Array(32)]))).toBe(-77);
      expect(await search(await commitVector(bases, secret, BITS, [freshBlinding()]))).toBe(
        undefined,
      );
    }
  });

  test('points made from the bases themselves meet them in the sum, and it is still right', async () => {
    for (const bases of all) {
      const zero = new Uint8Array(32);
      const one = await commitVector(bases, Int32Array.of(1), BITS, [zero]);
      const minus = await commitVector(bases, Int32Array.of(-1), BITS, [zero]);
      expect(one).toEqual(encodePoint(G[0] as Point));
      const sumIs = (commitments: Uint8Array[], sum: number): Promise<object> =>
        openSum(bases, {
          length: 1,
          groups: [{ bits: BITS, commitments }],
          aggregate: [sum],
          blindings: [zero],
        });
      expect(await sumIs([one], 1)).toEqual({ valid: true });
      expect(await sumIs([one, one, minus], 1)).toEqual({ valid: true });
      expect(await sumIs([one, minus], 0)).toEqual({ valid: true });
      expect(await sumIs([one, minus], 1)).toEqual(notOpened);
      expect(await sumIs([one, one], 1)).toEqual(notOpened);
    }
  });

  test('values and noise, committed apart, open together', async () => {
    for (const bases of all) {
      const clients = await clientsOf(bases);
      const noise = await Promise.all(
        clients.map(async () => {
          const x = Int32Array.from({ length: LENGTH }, (_, j) => 1_000 * j - 2_500);
          const r = [freshBlinding()];
          return { x, r, c: await commitVector(bases, x, 16, r) };
        }),
      );
      const values = claimOf(clients);
      const drawn = claimOf(noise);
      const claim: OpeningClaim = {
        length: LENGTH,
        groups: [...values.groups, { bits: 16, commitments: commitmentsOf(drawn) }],
        aggregate: values.aggregate.map((a, j) => a + (drawn.aggregate[j] as number)),
        blindings: [addBlindings(...values.blindings, ...drawn.blindings)],
      };
      expect(await openSum(bases, claim)).toEqual({ valid: true });
      const swapped = { ...claim, groups: [values.groups[0], values.groups[0]] };
      expect(await openSum(bases, swapped as OpeningClaim)).toEqual(
        refused('out-of-range', { chunk: 0 }),
      );
      const bad = { bits: 16, commitments: [new Uint8Array(64)] };
      expect(await openSum(bases, { ...claim, groups: [...claim.groups, bad] })).toEqual(
        refused('bad-point', { chunk: 0, group: 2, member: 0 }),
      );
    }
  });

  test('the verifier’s own mistakes are its own', async () => {
    const [bases] = all as [CommitmentBases];
    const claim = claimOf(await clientsOf(bases));
    expect(await openSum(bases, claim)).toEqual({ valid: true });
    const [group] = claim.groups as [CommittedGroup];
    const few = await commitmentBases(LENGTH - 1);
    await expect(openSum(few, claim)).rejects.toThrow(UsageError);
    await expect(openSum(bases, { ...claim, length: 0 })).rejects.toThrow(UsageError);
    for (const bits of [0, 33, 1.5]) {
      const groups = [{ ...group, bits }];
      await expect(openSum(bases, { ...claim, groups })).rejects.toThrow(UsageError);
    }
  });
});

describe('many chunks, joined by random coefficients', () => {
  // Ten chunks of two bytes are above eighteen bytes of a joined sum, so they are joined.
  const MANY = 9 * 4_096 + 5;
  const slices = (bytes: Uint8Array): Uint8Array[] =>
    Array.from({ length: bytes.length / 64 }, (_, i) => bytes.subarray(64 * i, 64 * (i + 1)));

  test('open together, and a chunk that does not is named', async () => {
    for (const bases of all) {
      const claim = claimOf(await clientsOf(bases, MANY, 2));
      expect(await openSum(bases, claim)).toEqual({ valid: true });
      const aggregate = claim.aggregate.map((a, j) => (j === 20_000 ? a - 1 : a));
      expect(await openSum(bases, { ...claim, aggregate })).toEqual(
        refused('does-not-open', { chunk: 4 }),
      );
      const last = claim.aggregate.map((a, j) => (j === MANY - 1 ? a + 1 : a));
      expect(await openSum(bases, { ...claim, aggregate: last })).toEqual(
        refused('does-not-open', { chunk: 9 }),
      );
    }
  }, 120_000);

  test('errors that cancel out over the chunks do not, and chunks have their places', async () => {
    const [bases] = all as [CommitmentBases];
    const clients = await clientsOf(bases, MANY, 2);
    const claim = claimOf(clients);
    expect(await openSum(bases, claim)).toEqual({ valid: true });
    const aggregate = claim.aggregate.map((a, j) => (j === 0 ? a + 1 : j === 4_096 ? a - 1 : a));

    // A verifier that adds the chunks up without coefficients sees sums over columns only.
    const addedUp = (values: readonly number[]): Promise<object> =>
      openSum(bases, {
        length: 4_096,
        groups: [{ bits: BITS, commitments: commitmentsOf(claim).flatMap(slices) }],
        aggregate: values.slice(0, 4_096).map((_, j) => {
          let sum = 0;
          for (let k = j; k < MANY; k += 4_096) sum += values[k] as number;
          return sum;
        }),
        blindings: [addBlindings(...claim.blindings)],
      });
    expect(await addedUp(claim.aggregate)).toEqual({ valid: true });
    expect(await addedUp(aggregate)).toEqual({ valid: true });
    expect(await openSum(bases, { ...claim, aggregate })).toEqual(notOpened);

    const swapped = commitmentsOf(claim).map((bytes) => {
      const [first, second, ...rest] = slices(bytes) as [Uint8Array, Uint8Array, ...Uint8Array[]];
      return Buffer.concat([second, first, ...rest]);
    });
    expect(await openSum(bases, withCommitments(claim, swapped))).toEqual(notOpened);
  }, 120_000);
});
