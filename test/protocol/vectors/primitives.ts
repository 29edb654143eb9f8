/** The building blocks one by one, for whoever looks for the first byte that differs. */
import { SUITE_NAMES, sealBox, suite } from '../../../src/identity/index.ts';
import { lengthPrefixed, utf8 } from '../../../src/internal/bytes.ts';
import { sha256 } from '../../../src/internal/sha256.ts';
import { expandInto } from '../../../src/prg/chacha20.ts';
import { deriveKey } from '../../../src/prg/hkdf.ts';
import { encodeReal, fixedPoint } from '../../../src/ring/fixed-point.ts';
import { packedLength, packInto } from '../../../src/ring/packing.ts';
import { buildGraph, neighbours } from '../../../src/secagg/graph.ts';
import { graphParameters, leastFloor } from '../../../src/secagg/graph-parameters.ts';
import { splitSecret } from '../../../src/secagg/shamir.ts';
import { toBitmap } from '../../../src/wire/bitmap.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { inclusionPath, merkleTree } from '../../../src/wire/merkle.ts';
import { commitmentBases, commitVector, freshBlinding } from '../../../src/zk/commitment/index.ts';
import { hex } from './hex.ts';
import { latticeVectors } from './lattice.ts';
import { CBOR, NOT_CBOR, NUMBERS, PARAMETERS } from './primitive-inputs.ts';
import { bytesOf, seeded } from './seeded.ts';

const bytes = (name: string, length = 32): Uint8Array =>
  bytesOf(`veilsum protocol vectors: primitives: ${name}`, length);

function parameters() {
  return PARAMETERS.map(([clients, corrupt, absent, coordinator]) => {
    const facts = { clients, corrupt, absent, coordinator };
    try {
      const {
        corruptCount,
        absentCount,
        degree,
        threshold,
        window,
        quorumBase,
        complete,
        ...rest
      } = graphParameters(facts);
      const derived = {
        corruptCount,
        absentCount,
        degree,
        threshold,
        window,
        quorumBase,
        complete,
      };
      return { ...facts, ...derived, leastFloor: leastFloor({ ...rest, ...derived }) };
    } catch {
      return { ...facts, refused: true };
    }
  });
}

async function shamir() {
  const cases: object[] = [];
  for (const [threshold, shares, xs] of [
    [2, 3, [1, 2, 3]],
    [5, 9, [1, 4, 9]],
    [3, 255, [1, 128, 255]],
    [3, 256, [1, 255, 256]],
    [4, 4000, [1, 257, 4000]],
  ] as const) {
    const secret = bytes(`secret ${shares}`);
    const name = `veilsum protocol vectors: primitives: shamir ${shares}`;
    const { value, draws } = await seeded(name, () =>
      splitSecret(secret, { threshold, shares, xs }),
    );
    const values = value.map((share, i) => ({ x: xs[i] as number, share: hex(share) }));
    const coefficients = draws.map(hex).join('');
    cases.push({ threshold, shares, secret: hex(secret), coefficients, values });
  }
  return cases;
}

/** Coordinates apart from 4, whose draws would be those of scalar multiplications. */
async function reals() {
  const cases: object[] = [];
  for (const [norm, bound, bits, values] of [
    ['linf', 1, 16, [0.5, -2, 1 / 3, -1 / 3, 1e-9]],
    ['linf', 0.1, 24, [0.1, -0.1, 0.05, 0.0123456789, 0, 1]],
    ['linf', 3, 2, [1, -1, 3, 0.1, 2]],
    ['l2', 1, 12, [0.3, -0.4, 0.1]],
    ['l2', 1, 12, [3, -4, 12, 84, -1]],
    ['l2', 2.5, 8, [1e-3, 7, 0, 0, -1e-3, 0, 2, 3, 1, -9]],
  ] as const) {
    const code = fixedPoint({ length: values.length, clip: { norm, bound }, bits });
    const name = `veilsum protocol vectors: primitives: real ${cases.length}`;
    const { value, draws } = await seeded(name, () => encodeReal(code, values));
    cases.push({
      norm,
      bound,
      bits,
      scale: code.scale,
      squaredNormBound: Number(code.squaredNormBound),
      values,
      random: hex(draws.at(-1) as Uint8Array),
      tries: draws.length,
      encoded: [...value.integers],
    });
  }
  return cases;
}

async function commitments() {
  const bases = await commitmentBases(3);
  const zero = new Uint8Array(32);
  const one = Uint8Array.from(zero, (_, i) => (i === 31 ? 1 : 0));
  const { value: blinding } = await seeded(
    'veilsum protocol vectors: primitives: blinding',
    freshBlinding,
  );
  const cases = [
    { of: 'G_0', values: [1], blinding: zero },
    { of: 'G_2', values: [0, 0, 1], blinding: zero },
    { of: 'H', values: [0], blinding: one },
    { of: 'a vector', values: [-128, 127, 5], blinding },
  ];
  const out: object[] = [];
  for (const { of, values, blinding: scalar } of cases) {
    const commitment = await commitVector(bases, Int32Array.from(values), 8, [scalar]);
    out.push({ of, values, blinding: hex(scalar), commitment: hex(commitment) });
  }
  return out;
}

/** The file of building blocks. */
export async function primitiveVectors(made: string): Promise<object> {
  const kdf = [[], ['one'], ['on', 'e'], ['', 'one', '']].map((parts, i) => {
    const secret = bytes(`secret of key ${i}`, 32 * (i + 1));
    const length = 32 + 16 * i;
    const out = hex(deriveKey(secret, parts.map(utf8), length));
    return { secret: hex(secret), parts, length, out };
  });
  const streamKey = bytes('stream');
  const words = new Uint32Array(40);
  expandInto(words, streamKey);
  const [sealKey, plain, aad] = [bytes('seal'), bytes('plain', 72), bytes('aad', 40)];
  const leaves = Array.from({ length: 7 }, (_, i) => bytes(`leaf ${i}`, i));
  const packing = [1, 5, 8, 13, 31, 32].map((b) => {
    const vector = new Uint32Array(7);
    expandInto(vector, bytes(`packing ${b}`));
    const packed = new Uint8Array(packedLength(7, b));
    packInto(packed, vector, b);
    return { b, words: [...vector], packed: hex(packed) };
  });
  const roundId = bytes('round id');
  const rings = [5, 12, 40].map((clients) => {
    const of = graphParameters({ clients, corrupt: '0.1', absent: '0.2', coordinator: 'active' });
    const graph = buildGraph(of, roundId);
    const near = neighbours(graph, 0).map(({ index, x }) => [index, x]);
    return {
      clients,
      degree: of.degree,
      complete: of.complete,
      at: [...graph.at],
      neighboursOf0: near,
    };
  });
  return {
    source: 'veilsum’s own functions',
    made,
    hash: {
      parts: ['a', '', 'bc'],
      lengthPrefixed: hex(lengthPrefixed(utf8('a'), utf8(''), utf8('bc'))),
      sha256: hex(sha256(lengthPrefixed(utf8('a'), utf8(''), utf8('bc')))),
    },
    cbor: CBOR.map((value) => ({ value, bytes: hex(encode(value)) })),
    cborBytes: hex(encode([bytes('cbor', 3), new Uint8Array(0)])),
    notCbor: NOT_CBOR.map(([text, code]) => {
      const got = codeOf(() =>
        decode(new Uint8Array(Buffer.from(text, 'hex')), { what: 'x', maxBytes: 99 }),
      );
      if (got !== code) throw new Error(`${text}: expected ${code}, got ${got}`);
      return { bytes: text, code };
    }),
    numbers: NUMBERS.map((number) => {
      const double = Buffer.alloc(8);
      double.writeDoubleBE(number);
      return { double: hex(double), text: String(number) };
    }),
    kdf,
    stream: { key: hex(streamKey), words: [...words] },
    seal: {
      key: hex(sealKey),
      plain: hex(plain),
      aad: hex(aad),
      box: hex(sealBox(sealKey, plain, aad)),
    },
    keyPairs: SUITE_NAMES.map((name) => {
      const pair = suite(name).keyPair(bytes('key pair'));
      const peer = suite(name).keyPair(bytes('peer'));
      const coins = bytes('coins');
      const { ciphertext, kemSecret } = suite(name).encapsulate(peer.publicKey, coins);
      const secret = suite(name).sharedSecret(pair, peer.publicKey, kemSecret);
      return {
        suite: name,
        seed: hex(bytes('key pair')),
        peerSeed: hex(bytes('peer')),
        coins: hex(coins),
        publicKey: hex(pair.publicKey),
        peerPublicKeyHash: hex(sha256(peer.publicKey)),
        ciphertextHash: hex(sha256(ciphertext)),
        kemSecret: hex(kemSecret),
        sharedSecret: hex(secret),
      };
    }),
    merkle: leaves.map((_, n) => {
      const tree = merkleTree(leaves.slice(0, n + 1));
      return {
        leaves: leaves.slice(0, n + 1).map(hex),
        root: hex(tree.root),
        paths: leaves.slice(0, n + 1).map((_leaf, i) => inclusionPath(tree, i).map(hex).join('')),
      };
    }),
    emptyRoot: hex(merkleTree([]).root),
    bitmap: { n: 11, members: [0, 3, 8, 10], bytes: hex(toBitmap([0, 3, 8, 10], 11)) },
    packing,
    shamir: await shamir(),
    roundId: hex(roundId),
    rings,
    parameters: parameters(),
    reals: await reals(),
    commitments: await commitments(),
    lattice: latticeVectors(roundId),
  };
}

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}
