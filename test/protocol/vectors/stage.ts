/** The rounds that vectors are made of: who is in, what is planned, who vanishes when. */
import {
  type AnyPlan,
  type ClientId,
  clientId,
  discreteGaussian,
  type Fields,
  integer,
  type Noise,
  noNoise,
  plan,
  publicField,
  type Roster,
  real,
  type Signer,
  type SuiteName,
  signerFromPrivateKey,
  signRoster,
  skellam,
  type Trust,
  weightedMean,
} from 'veilsum';
import type { Phase } from 'veilsum/coordinator';
import { type CommitmentScheme, pedersen } from 'veilsum/zk';
import { bytesOf } from './seeded.ts';

/** A client on the stage. */
export type Actor = {
  readonly id: ClientId;
  readonly index: number;
  readonly privateKey: Uint8Array;
  readonly signer: Signer;
};

/** A round that is about to be played. */
export type Stage = {
  readonly name: string;
  readonly about: string;
  readonly plan: AnyPlan;
  readonly voucher: Signer;
  readonly roster: Roster;
  readonly actors: readonly Actor[];
  readonly context: Uint8Array;
  readonly beacon: Uint8Array;
  /** Before which phase a client vanishes, by index. */
  readonly vanish: Readonly<Record<number, Phase>>;
  readonly inputs: (index: number) => Readonly<Record<string, unknown>>;
};

const NAMES = ['ada', 'bo', 'çelik', '東', 'client-4', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];

type Facts = {
  readonly about: string;
  readonly clients: number;
  readonly fields: Fields;
  readonly trust: Trust;
  readonly floor?: number;
  readonly suite?: SuiteName;
  readonly noise?: Noise;
  readonly commitments?: CommitmentScheme;
  readonly vanish: Stage['vanish'];
  readonly inputs: Stage['inputs'];
};

const ROUNDS: Readonly<Record<string, Facts>> = {
  x25519: {
    about:
      'five clients, complete graph, semi-honest; three fields; index 2 drops before mask, 4 before unmask',
    clients: 5,
    fields: {
      votes: integer({ length: 4, min: -3, max: 10 }),
      update: real({ length: 5, clip: { norm: 'linf', bound: 1.5 } }),
      mean: weightedMean({ length: 3, clip: { norm: 'l2', bound: 2 }, maxWeight: 5, bits: 12 }),
    },
    trust: { corrupt: '0.2', absent: '0.4', coordinator: 'semi-honest' },
    vanish: { 2: 'mask', 4: 'unmask' },
    inputs: (i) => ({
      votes: [i, -3, 10 - i, 2 * i],
      update: [0.1 * i, -1.5, 2, i / 3, -0.25],
      mean: { values: [i, 1, -0.5 * i], weight: 1 + (i % 5) },
    }),
  },
  hybrid: {
    about:
      'five clients, X25519 with ML-KEM-768, complete graph, active; index 1 drops before mask',
    clients: 4,
    fields: { count: integer({ length: 2, min: 0, max: 1000 }) },
    trust: { corrupt: '0.25', absent: '0.25' },
    suite: 'x25519-mlkem768',
    vanish: { 1: 'mask' },
    inputs: (i) => ({ count: [i * i, 1000 - i] }),
  },
  sparse: {
    about:
      'twelve clients, sparse graph, active, with a beacon and Skellam noise, a rotated field and a public one; ' +
      'index 9 drops before share, 3 before mask, 7 before unmask',
    clients: 12,
    fields: {
      update: real({ length: 24, clip: { norm: 'l2', bound: 0.5 } }),
      examples: publicField(integer({ length: 1, min: 1, max: 100 })),
    },
    trust: {
      corrupt: '0.1',
      absent: '0.2',
      beacon: { chain: 'a public chain', round: 4711, marginMs: 60_000 },
    },
    floor: 8,
    noise: { ...skellam({ epsilon: 4, delta: 1e-5, rounds: 2 }), rotated: ['update'] },
    vanish: { 9: 'share', 3: 'mask', 7: 'unmask' },
    inputs: (i) => ({
      update: Array.from({ length: 24 }, (_, j) => ((i + 3 * j) % 7) / 16 - 0.1875),
      examples: [10 + i],
    }),
  },
  committed: {
    about:
      'five clients with commitments and discrete Gaussian noise, active; index 0 drops before mask',
    clients: 5,
    fields: {
      votes: integer({ length: 3, min: -1, max: 1 }),
      update: real({ length: 2, clip: { norm: 'linf', bound: 1 }, bits: 8 }),
      total: publicField(integer({ length: 1, min: 0, max: 15 })),
    },
    trust: { corrupt: '0.2', absent: '0.2' },
    noise: discreteGaussian({ epsilon: 8, delta: 1e-4 }),
    commitments: pedersen(),
    vanish: { 0: 'mask' },
    inputs: (i) => ({ votes: [1, -1, i % 2], update: [0.5 - i / 4, 1], total: [3 * i] }),
  },
  lattice: {
    about:
      'five clients, complete graph, active; three fields under lattice masks, of several values in a coefficient, of ' +
      'words of more than 32 bits, and of reals; one field is not; index 3 drops before mask',
    clients: 5,
    fields: {
      packed: integer({ length: 40, min: -7, max: 8, mask: 'lattice' }),
      votes: integer({ length: 3, min: 0, max: 1 }),
      wide: integer({ length: 2, min: 0, max: 2 ** 28, mask: 'lattice' }),
      update: real({ length: 5, clip: { norm: 'linf', bound: 1 }, mask: 'lattice' }),
    },
    trust: { corrupt: '0.2', absent: '0.2' },
    vanish: { 3: 'mask' },
    inputs: (i) => ({
      packed: Array.from({ length: 40 }, (_, j) => ((7 * i + 3 * j) % 16) - 7),
      votes: [1, 0, i % 2],
      wide: [2 ** 28, i],
      update: [0.1 * i, -1, 1, i / 3, -0.25],
    }),
  },
};

/** Names of the rounds, which are names of files as well. */
export const ROUND_NAMES: readonly string[] = Object.keys(ROUNDS);

/** Sets the stage for a round. */
export async function stageOf(name: string): Promise<Stage> {
  const facts = ROUNDS[name] as Facts;
  const keyOf = (who: string): Uint8Array => bytesOf(`veilsum protocol vectors: ${name}: ${who}`);
  const actors = NAMES.slice(0, facts.clients).map((text, index): Actor => {
    const privateKey = keyOf(`identity ${index}`);
    return { id: clientId(text), index, privateKey, signer: signerFromPrivateKey(privateKey) };
  });
  const voucher = signerFromPrivateKey(keyOf('voucher'));
  const list = actors.map(({ id, signer }) => ({ id, publicKey: signer.publicKey }));
  const roster = await signRoster(list, voucher);
  const { fields, trust, floor, suite, noise = noNoise(), commitments } = facts;
  const made = plan({
    id: `vectors/${name}`,
    fields,
    roster,
    trust,
    noise,
    ...(floor && { floor }),
    ...(suite && { suite }),
    ...(commitments && { commitments }),
  });
  const { about, vanish, inputs } = facts;
  const beacon = trust.beacon === undefined ? new Uint8Array(0) : keyOf('beacon value');
  const common = { name, about, voucher, roster, actors, vanish, inputs };
  return { ...common, plan: made as unknown as AnyPlan, context: keyOf('context'), beacon };
}
