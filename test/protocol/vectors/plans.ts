/** Plans that a client reads, and such as it must refuse. */
import {
  discreteGaussian,
  type Fields,
  integer,
  type Noise,
  noNoise,
  type PlanFacts,
  plan,
  planBytes,
  publicField,
  type Roster,
  real,
  type Signer,
  signerFromPrivateKey,
  signRoster,
  skellam,
  weightedMean,
} from 'veilsum';
import { readPlan } from 'veilsum/client';
import { rosterBytes } from '../../../src/identity/roster.ts';
import { lengthPrefixed, utf8 } from '../../../src/internal/bytes.ts';
import { type CborValue, decode, encode } from '../../../src/wire/cbor.ts';
import { base64, hex } from './hex.ts';
import { bytesOf } from './seeded.ts';

type Facts = Partial<PlanFacts<Fields, Noise>>;
const votes = integer({ length: 3, min: -2, max: 5 });
const update = real({ length: 100, clip: { norm: 'l2', bound: 0.1 } });
const mean = weightedMean({
  length: 7,
  clip: { norm: 'linf', bound: 3 },
  maxWeight: 20,
  bits: 8,
});

const ACCEPTED: Readonly<Record<string, Facts>> = {
  'one field of integers': {},
  'the largest integers': { fields: { big: integer({ length: 1, min: 0, max: 2 ** 29 }) } },
  'all three kinds': { fields: { votes, update, mean } },
  'semi-honest, and a rate with nine digits': {
    trust: { corrupt: '0.200000001', absent: '0.400', coordinator: 'semi-honest' },
  },
  'the hybrid suite and a floor': { suite: 'x25519-mlkem768', floor: 5 },
  'a beacon': {
    trust: {
      corrupt: '0.2',
      absent: '0.2',
      beacon: { chain: 'chain', round: 2 ** 33, marginMs: 1 },
    },
  },
  'Skellam noise on three fields': {
    fields: { votes, update, mean },
    noise: skellam({ epsilon: 2.5, delta: 1e-7, rounds: 10 }),
  },
  'discrete Gaussian noise with a rotated field and a public one': {
    fields: { update, votes: publicField(votes) },
    noise: { ...discreteGaussian({ epsilon: 1, delta: 1e-5 }), rotated: ['update'] },
  },
  'narrow discrete Gaussian noise': {
    fields: { votes: integer({ length: 1, min: 0, max: 1 }) },
    noise: discreteGaussian({ epsilon: 30, delta: 0.01 }),
  },
  'lattice masks: twelve values in a coefficient': {
    fields: { bits: integer({ length: 1000, min: 0, max: 1, mask: 'lattice' }), votes },
  },
  'lattice masks: words of 36 bits, and four secrets': {
    fields: { big: integer({ length: 1e5, min: 0, max: 2 ** 29, mask: 'lattice' }) },
  },
  'lattice masks: all three kinds': {
    fields: {
      votes: { ...votes, mask: 'lattice' },
      update: { ...update, mask: 'lattice' },
      mean: { ...mean, mask: 'lattice' },
    },
  },
  'lattice masks: noise on three fields': {
    fields: {
      votes: { ...votes, mask: 'lattice' },
      update: { ...update, mask: 'lattice' },
      mean: { ...mean, mask: 'lattice' },
      count: publicField(integer({ length: 1, min: 3, max: 3, mask: 'lattice' })),
    },
    noise: { ...skellam({ epsilon: 2.5, delta: 1e-7, rounds: 10 }), rotated: ['update'] },
  },
};

async function rosterOf(voucher: Signer): Promise<Roster> {
  const list = [0, 1, 2, 3, 4].map((i) => ({
    id: `client ${i}`,
    publicKey: signerFromPrivateKey(bytesOf(`veilsum protocol vectors: plans: ${i}`)).publicKey,
  }));
  return signRoster(list, voucher);
}

type Map = { readonly [key: string]: CborValue };

/** A plan with some of its values changed, by their path. */
function changed(
  encoded: Uint8Array,
  path: readonly (string | number)[],
  value: unknown,
): Uint8Array {
  const put = (of: CborValue, [first, ...rest]: readonly (string | number)[]): CborValue => {
    if (first === undefined) return value as CborValue;
    if (Array.isArray(of)) return of.map((item, i) => (i === first ? put(item, rest) : item));
    const copy = { ...(of as Map), [first]: put((of as Map)[first] as CborValue, rest) };
    return Object.fromEntries(Object.entries(copy).filter(([, inner]) => inner !== undefined));
  };
  return encode(put(decode(encoded, { what: 'plan', maxBytes: 1e6 }), path));
}

/** Plans with lattice masks that a client must refuse. */
function latticeRefusals(
  bytesFor: (facts: Facts) => Uint8Array,
): readonly (readonly [string, string, Uint8Array])[] {
  const bits = ACCEPTED['lattice masks: twelve values in a coefficient'] as Facts;
  const encoded = bytesFor(bits);
  const fields = ['derived', 'lattice', 'fields', 0];
  const other = (what: string, path: readonly (string | number)[], value: unknown) =>
    [`lattice masks: ${what}`, 'plan-refused', changed(encoded, path, value)] as const;
  return [
    other('another suite', ['derived', 'lattice', 'suite'], 'rlwe-4096-92'),
    other('another number of secrets', ['derived', 'lattice', 'secrets'], 4),
    other('another width of the key', ['derived', 'lattice', 'keyBits'], 9),
    other('another least sum', [...fields, 0], -1),
    other('another modulus', [...fields, 1], 7),
    other('another packing', [...fields, 2], 1),
    other('a bit more a word', [...fields, 3], 40),
    other('nothing derived', ['derived', 'lattice'], undefined),
    other('derived without a field', ['fields', 0, 1, 'mask'], undefined),
    other('a mask that there is not', ['fields', 0, 1, 'mask'], 'pairwise'),
    other('with commitments', ['commitments'], 'pedersen'),
  ];
}

/** The file of plans. */
export async function planVectors(made: string): Promise<object> {
  const voucher = signerFromPrivateKey(bytesOf('veilsum protocol vectors: plans: voucher'));
  const other = signerFromPrivateKey(bytesOf('veilsum protocol vectors: plans: other voucher'));
  const roster = await rosterOf(voucher);
  const common = {
    id: 'vectors/plan',
    fields: { votes },
    roster,
    trust: { corrupt: '0.2', absent: '0.2' },
    noise: noNoise(),
  } as const;
  const bytesFor = (facts: Facts): Uint8Array =>
    planBytes(plan({ ...common, ...facts } as PlanFacts<Fields, Noise>) as never);
  const accepted = Object.entries(ACCEPTED).map(([what, facts]) => ({
    what,
    plan: base64(bytesFor(facts)),
  }));
  const bare = bytesFor({});
  const noisy = bytesFor(ACCEPTED['Skellam noise on three fields'] as Facts);
  const strangers = rosterBytes(await rosterOf(other));
  const clients = roster.clients.map(({ id, publicKey }) => [id, publicKey]);
  /** A roster signed as it should be, whatever is on it. */
  const listed = async (list: readonly unknown[]): Promise<Uint8Array> => {
    const content = encode(list as CborValue);
    const signature = await voucher.sign(lengthPrefixed(utf8('veilsum/v1 roster'), content));
    return encode([1, list as CborValue, voucher.publicKey, signature]);
  };
  const withRoster = async (list: readonly unknown[]): Promise<Uint8Array> =>
    changed(bare, ['roster'], await listed(list));
  const [ada, bo, ...rest] = clients;
  const key = (at: number): unknown => clients[at]?.[1];
  const refused: readonly (readonly [string, string, Uint8Array])[] = [
    ['another degree', 'plan-refused', changed(bare, ['derived', 'degree'], 2)],
    ['a smaller quorum', 'plan-refused', changed(bare, ['derived', 'quorum'], 3)],
    ['a bit less in the ring', 'plan-refused', changed(bare, ['derived', 'modulusBits'], [5])],
    ['a floor below the least', 'plan-refused', changed(bare, ['floor'], 3)],
    ['a floor above n', 'plan-refused', changed(bare, ['floor'], 6)],
    ['an unknown suite', 'plan-refused', changed(bare, ['suite'], 'p256')],
    [
      'an unknown coordinator model',
      'plan-refused',
      changed(bare, ['trust', 'coordinator'], 'kind'),
    ],
    ['a rate of 1', 'plan-refused', changed(bare, ['trust', 'absent'], '1')],
    ['a rate with an exponent', 'plan-refused', changed(bare, ['trust', 'absent'], '2e-1')],
    ['too many absent', 'plan-refused', changed(bare, ['trust', 'absent'], '0.4')],
    ['unknown noise', 'plan-refused', changed(bare, ['noise'], { kind: 'laplace' })],
    ['unknown commitments', 'plan-refused', changed(bare, ['commitments'], 'hashes')],
    ['an id that cannot be seen', 'plan-refused', changed(bare, ['id'], 'a\u200bb')],
    ['a field name with a capital', 'plan-refused', changed(bare, ['fields', 0, 0], 'Votes')],
    ['max below min', 'plan-refused', changed(bare, ['fields', 0, 1, 'max'], -3)],
    [
      'a ring too small for its integers',
      'plan-refused',
      changed(bare, ['fields', 0, 1, 'max'], 2 ** 31),
    ],
    ['a price in another form', 'plan-refused', changed(noisy, ['noise', 'epsilon'], '2.50')],
    ['a variance changed', 'plan-refused', changed(noisy, ['derived', 'localVariances', 0], '1')],
    [
      'a rotated field with an l1 norm',
      'plan-refused',
      changed(noisy, ['noise', 'rotated'], ['mean']),
    ],
    ['too little noise', 'plan-refused', changed(noisy, ['noise', 'epsilon'], '2.4')],
    ['version 2', 'unknown-version', changed(bare, ['version'], 2)],
    ['a key too many', 'malformed', changed(bare, ['extra'], 0)],
    ['a key too few', 'malformed', changed(bare, ['suite'], undefined)],
    ['a byte too many', 'trailing-bytes', Uint8Array.of(...bare, 0)],
    ['a roster by another voucher', 'bad-roster', changed(bare, ['roster'], strangers)],
    [
      'a roster of which a bit changed',
      'bad-roster',
      changed(
        bare,
        ['roster'],
        rosterBytes(roster).map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
      ),
    ],
    ['an id twice', 'bad-roster', await withRoster([ada, [ada?.[0], key(1)], ...rest])],
    ['a key twice', 'bad-roster', await withRoster([ada, [bo?.[0], key(0)], ...rest])],
    [
      'a key of small order',
      'bad-roster',
      await withRoster([[ada?.[0], new Uint8Array(32)], bo, ...rest]),
    ],
    [
      'an id in another normal form',
      'malformed',
      await withRoster([['c\u0327', key(0)], bo, ...rest]),
    ],
    ...latticeRefusals(bytesFor),
    ['an id with a line break', 'malformed', await withRoster([['a\nb', key(0)], bo, ...rest])],
  ];
  for (const [what, code, bytes] of refused) {
    const got = codeOf(() =>
      readPlan(bytes, {
        voucher: voucher.publicKey,
        ...(bytes.length > 1000 && { privacy: { epsilon: 100, delta: 0.9 } }),
      } as never),
    );
    if (got !== code) throw new Error(`${what}: expected ${code}, got ${got}`);
  }
  return {
    source: 'plans that veilsum makes, and the same with one value changed',
    made,
    voucher: hex(voucher.publicKey),
    accepted,
    refused: refused.map(([what, code, bytes]) => ({ what, code, plan: base64(bytes) })),
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
