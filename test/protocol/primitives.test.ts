/** The building blocks of PROTOCOL.md, as the second implementation has them, against the vectors. */
import { expect, test } from 'vitest';
import { hex, vectors } from './read.ts';
import { decode, encode, type Value } from './second/cbor.ts';
import { committed } from './second/commitments.ts';
import { graphOf, neighboursOf, xOf } from './second/graph.ts';
import { rounded } from './second/inputs.ts';
import { candidatesOf, hide, polynomialStream } from './second/lattice.ts';
import { leastFloor, type Parameters, parametersOf } from './second/parameters.ts';
import {
  agree,
  ascii,
  cat,
  decapsulate,
  encapsulate,
  H,
  isGood,
  KDF,
  KEYPAIR,
  LP,
  members,
  merkleRoot,
  pack,
  pathOf,
  rootBy,
  SEAL,
  STREAM,
  SUITES,
  type Suite,
  share,
  unseal,
} from './second/primitives.ts';
import type { Refused } from './second/refused.ts';

type Hex = string;
type Primitives = {
  readonly hash: { parts: string[]; lengthPrefixed: Hex; sha256: Hex };
  readonly cbor: readonly { value: Value; bytes: Hex }[];
  readonly cborBytes: Hex;
  readonly notCbor: readonly { bytes: Hex; code: string }[];
  readonly numbers: readonly { double: Hex; text: string }[];
  readonly kdf: readonly { secret: Hex; parts: string[]; length: number; out: Hex }[];
  readonly stream: { key: Hex; words: number[] };
  readonly seal: { key: Hex; plain: Hex; aad: Hex; box: Hex };
  readonly keyPairs: readonly Readonly<Record<string, Hex>>[];
  readonly merkle: readonly { leaves: Hex[]; root: Hex; paths: Hex[] }[];
  readonly emptyRoot: Hex;
  readonly bitmap: { n: number; members: number[]; bytes: Hex };
  readonly packing: readonly { b: number; words: number[]; packed: Hex }[];
  readonly shamir: readonly {
    shares: number;
    secret: Hex;
    coefficients: Hex;
    values: { x: number; share: Hex }[];
  }[];
  readonly roundId: Hex;
  readonly rings: readonly {
    clients: number;
    at: number[];
    degree: number;
    complete: boolean;
    neighboursOf0: [number, number][];
  }[];
  readonly parameters: readonly (Readonly<Record<string, number | boolean>> & {
    clients: number;
    corrupt: string;
    absent: string;
    coordinator: string;
  })[];
  readonly reals: readonly {
    norm: string;
    bound: number;
    bits: number;
    values: number[];
    random: Hex;
    encoded: number[];
  }[];
  readonly commitments: readonly { of: string; values: number[]; blinding: Hex; commitment: Hex }[];
  readonly lattice: {
    readonly roundId: Hex;
    readonly secrets: number;
    readonly firstBlock: number;
    readonly coefficients: number;
    readonly polynomials: readonly (number | Hex)[][];
    readonly cases: readonly {
      T: number;
      c: number;
      k: number;
      first: number[];
      payloadHash: Hex;
    }[];
  };
};
const of = vectors<Primitives>('primitives');
const text = (bytes: Uint8Array): Hex => Buffer.from(bytes).toString('hex');

test('lengths and hashes', () => {
  const parts = LP(...of.hash.parts.map(ascii));
  expect(text(parts)).toBe(of.hash.lengthPrefixed);
  expect(text(H(parts))).toBe(of.hash.sha256);
});

test.each(of.cbor)('CBOR $bytes', ({ value, bytes }) => {
  expect(text(encode(value))).toBe(bytes);
  expect(decode(hex(bytes), 99)).toEqual(value);
});

test('CBOR of bytes', () => {
  const [some, none] = decode(hex(of.cborBytes), 99) as Uint8Array[];
  expect([some?.length, none?.length]).toEqual([3, 0]);
});

test.each(of.notCbor)('no CBOR: $bytes: $code', ({ bytes, code }) => {
  try {
    decode(hex(bytes), 99);
  } catch (error) {
    expect((error as Refused).code).toBe(code);
    return;
  }
  expect.unreachable();
});

test('numbers as text', () => {
  for (const { double, text: shown } of of.numbers) {
    expect(String(Buffer.from(double, 'hex').readDoubleBE())).toBe(shown);
  }
});

test('keys and streams', () => {
  for (const { secret, parts, length, out } of of.kdf) {
    expect(text(KDF(hex(secret), parts, length))).toBe(out);
  }
  expect([...STREAM(hex(of.stream.key), 40)]).toEqual(of.stream.words);
  const { key, plain, aad, box } = of.seal;
  expect(text(SEAL(hex(key), hex(plain), hex(aad)))).toBe(box);
  expect(unseal(hex(key), hex(box), hex(aad))).toEqual(hex(plain));
  expect(unseal(hex(key), hex(box), hex(plain))).toBeUndefined();
});

test.each(of.keyPairs)('key pairs of $suite', (pair) => {
  const suite = SUITES[pair.suite as Suite['name']];
  const mine = KEYPAIR(suite, hex(pair.seed as Hex));
  const peer = KEYPAIR(suite, hex(pair.peerSeed as Hex));
  expect(text(mine.publicKey)).toBe(pair.publicKey);
  expect(isGood(suite, mine.publicKey)).toBe(true);
  expect(text(H(peer.publicKey))).toBe(pair.peerPublicKeyHash);
  const kem = encapsulate(suite, peer.publicKey, () => hex(pair.coins as Hex));
  expect(text(H(kem.ciphertext))).toBe(pair.ciphertextHash);
  expect(text(kem.secret)).toBe(pair.kemSecret);
  expect(text(agree(mine, peer.publicKey, kem.secret))).toBe(pair.sharedSecret);
  const opened = decapsulate(suite, peer, kem.ciphertext);
  expect(text(agree(peer, mine.publicKey, opened))).toBe(pair.sharedSecret);
});

test('Merkle trees', () => {
  expect(text(merkleRoot([]))).toBe(of.emptyRoot);
  for (const { leaves, root, paths } of of.merkle) {
    expect(text(merkleRoot(leaves.map(hex)))).toBe(root);
    for (const [i, leaf] of leaves.entries()) {
      const path = pathOf(hex(paths[i] as Hex));
      expect(text(rootBy(hex(leaf), i, leaves.length, path) as Uint8Array)).toBe(root);
      expect(rootBy(hex(leaf), i, leaves.length, [...path, hex(root)])).toBeUndefined();
    }
  }
});

test('bitmaps, packing, shares', () => {
  expect(members(hex(of.bitmap.bytes), of.bitmap.n)).toEqual(of.bitmap.members);
  for (const { b, words, packed } of of.packing) expect(text(pack(words, b))).toBe(packed);
  for (const { shares, secret, coefficients, values } of of.shamir) {
    for (const { x, share: value } of values) {
      expect(text(share(hex(secret), hex(coefficients), x, shares))).toBe(value);
    }
  }
});

test('rings and neighbours', () => {
  for (const { clients: n, at, degree: k, complete, neighboursOf0 } of of.rings) {
    const graph = graphOf({ n, k, complete } as Parameters, hex(of.roundId));
    expect(graph.at).toEqual(at);
    const near = neighboursOf(graph, 0).map((j) => [j, xOf(graph, 0, j)]);
    expect(near.sort((a, b) => (a[1] as number) - (b[1] as number))).toEqual(neighboursOf0);
  }
});

test.each(of.parameters)('parameters of $clients, $corrupt, $absent, $coordinator', (facts) => {
  const { clients, corrupt, absent, coordinator, ...expected } = facts;
  const trust = { corrupt, absent, coordinator };
  if (expected.refused === true) {
    expect(() => parametersOf(clients, trust)).toThrow('plan-refused');
    return;
  }
  const found = parametersOf(clients, trust);
  const { A, D, Q0, k, t, w, complete } = found;
  expect({
    corruptCount: A,
    absentCount: D,
    degree: k,
    threshold: t,
    window: w,
    quorumBase: Q0,
    complete,
    leastFloor: leastFloor(found),
  }).toEqual(expected);
});

test('reals', () => {
  for (const { values, random, encoded, ...code } of of.reals) {
    expect(rounded(values, code, hex(random))).toEqual(encoded);
  }
});

test('bases and commitments', () => {
  for (const { values, blinding, commitment } of of.commitments) {
    expect(text(committed(values, [hex(blinding)]))).toBe(commitment);
  }
});

test('public polynomials of lattice masks', () => {
  const stream = polynomialStream(hex(of.lattice.roundId), 2);
  for (const [j, expected] of of.lattice.polynomials.entries()) {
    const values = [...candidatesOf(stream, 2 * j), ...candidatesOf(stream, 2 * j + 1)];
    const all = new Uint8Array(Uint32Array.from(values).buffer);
    expect([...values.slice(0, 4), text(H(all))]).toEqual(expected);
  }
});

test.each(of.lattice.cases)('words of $k bits under lattice masks', (shape) => {
  const { roundId, secrets: G, firstBlock, coefficients } = of.lattice;
  const { T, c, k } = shape;
  const field = { field: 0, low: 0, T, c, k, coefficients, firstBlock };
  const values = Array.from({ length: c * coefficients }, (_, i) => (i % T) - (i % 2) * 5);
  const packed = hide({ roundId: hex(roundId) }, { G, w: 0, fields: [field] }, [values], {
    secrets: Array.from({ length: 2048 * G }, (_, j) => ((7 * j) % 15) - 7),
    errors: [Array.from({ length: coefficients }, (_, j) => ((5 * j) % 27) - 13)],
  });
  expect(text(H(cat(...packed)))).toBe(shape.payloadHash);
});
