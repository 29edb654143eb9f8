/** Sections 4 and 5.1: reading a plan, and working out all that follows. */
import { readBounds, type UpdateKey } from './bounds.ts';
import { bytes, decode, encode, int, list, map, text, type Value } from './cbor.ts';
import { type Graph, graphOf } from './graph.ts';
import { type Lattice, latticeOf, latticeValue } from './lattice-plan.ts';
import { leastFloor, type Parameters, parametersOf } from './parameters.ts';
import { type Priced, priceOf, type Stretch } from './price.ts';
import { EMPTY, HLP, SUITES, type Suite, same } from './primitives.ts';
import { must } from './refused.ts';
import { type Client, readRoster } from './roster.ts';

export type { Client } from './roster.ts';

/** A field with what follows from it. */
export type Field = {
  readonly name: string;
  readonly kind: 'integer' | 'real' | 'weighted-mean';
  readonly length: number;
  readonly min: number;
  readonly max: number;
  readonly bits: number;
  readonly norm: string;
  readonly bound: number;
  readonly maxWeight: number;
  readonly isPublic: boolean;
  readonly rotated: boolean;
  readonly isLattice: boolean;
  /** Ring length and modulus bits. */
  readonly d: number;
  readonly b: number;
  /** B of 8.2, for reals. */
  readonly B: bigint;
  /** Variances of its stretches; none without noise. */
  readonly variances: readonly number[];
};

export type Round = {
  readonly clients: readonly Client[];
  readonly suite: Suite;
  readonly parameters: Parameters;
  readonly floor: number;
  readonly quorum: number;
  readonly fields: readonly Field[];
  readonly kind: string;
  /** ε of its noise; 0 without. */
  readonly price: number;
  readonly hasCommitments: boolean;
  /** Where clients prove bounds, and N of each field. */
  readonly proven: { readonly key: UpdateKey; readonly norms: readonly number[] } | undefined;
  /** Where fields travel under lattice masks. */
  readonly lattice: Lattice | undefined;
  readonly beacon: Value;
  readonly planHash: Uint8Array;
  readonly roundId: Uint8Array;
  readonly graph: Graph;
};

const refuseUnless: (holds: boolean, why: string) => asserts holds = (holds, why) =>
  must(holds, 'plan-refused', why);

/** A number as text, in its one form. */
function number(value: Value): number {
  const got = Number(text(value));
  refuseUnless(Number.isFinite(got) && String(got) === value, `a number as text: ${value}`);
  return got;
}

const isName = (value: Value): boolean => /^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(text(value));

/** ⌊√x⌋ */
function root(x: bigint): bigint {
  let r = BigInt(Math.floor(Math.sqrt(Number(x))));
  while (r * r > x) r--;
  while ((r + 1n) * (r + 1n) <= x) r++;
  return r;
}
function boundOf(norm: string, d: number, bits: number): bigint {
  const [D, M] = [BigInt(d), 2n ** BigInt(bits - 1) - 1n];
  const [each, all] = [D * M * M, M * M + M + (D + root(4n * D)) / 4n];
  return norm === 'linf' || each < all ? each : all;
}

type Facts = Omit<Field, 'b' | 'variances'>;

/** What a plan without noise says of its price. */
const FREE: Priced = { kind: 'none', epsilon: 0, delta: 0, rounds: 0 };

function fieldFacts(entry: Value, rotated: readonly string[]): Facts {
  const [nameValue, of] = list(entry, 2);
  const name = text(nameValue);
  refuseUnless(/^[a-z][A-Za-z0-9_-]{0,63}$/.test(name), 'field name');
  const kind = text((of as Record<string, Value> | null)?.kind);
  const isLattice = Object.hasOwn(of as object, 'mask');
  const masks = isLattice ? (['mask'] as const) : [];
  const mask = (of as Record<string, Value>).mask as Value;
  refuseUnless(!isLattice || text(mask) === 'lattice', 'mask');
  const none = {
    ...{ min: 0, max: 0, bits: 0, norm: '', bound: 0, maxWeight: 1, rotated: false, B: 0n },
    isLattice,
  };
  if (kind === 'integer') {
    const m = map(of, 'kind', 'length', 'min', 'max', 'public', ...masks);
    const limit = Number.MAX_SAFE_INTEGER;
    const [min, max] = [int(m.min, -limit, limit), int(m.max, -limit, limit)];
    const length = int(m.length, 1, 2 ** 32);
    refuseUnless(length <= 2 ** 28 && min <= max && max - min < 2 ** 32, 'integer field');
    const isPublic = flag(m.public);
    return { ...none, name, kind, length, min, max, isPublic, d: length };
  }
  must(kind === 'real' || kind === 'weighted-mean', 'malformed', 'kind');
  const common = ['kind', 'length', 'bits', 'norm', 'bound', 'public', ...masks] as const;
  const m = kind === 'real' ? map(of, ...common) : map(of, ...common, 'maxWeight');
  const length = int(m.length, 1, 2 ** 32);
  const bits = int(m.bits, 0, 64);
  const [norm, bound, isPublic] = [text(m.norm), number(m.bound as Value), flag(m.public)];
  const maxWeight = kind === 'real' ? 1 : int((m as Record<string, Value>).maxWeight, 0, 2 ** 32);
  refuseUnless(length <= 2 ** 28 && bits >= 2 && bits <= 24 && maxWeight >= 1, 'real field');
  refuseUnless(norm === 'l2' || norm === 'linf', 'norm');
  refuseUnless(bound >= 1e-100 && bound <= 1e100, 'bound');
  const isRotated = rotated.includes(name);
  if (isRotated) {
    refuseUnless(kind === 'real' && norm === 'l2' && !isPublic && length <= 2 ** 24, 'rotated');
  }
  const padded = 2 ** Math.ceil(Math.log2(length));
  const d = isRotated ? padded : kind === 'real' ? length : length + 1;
  const B = boundOf(norm, kind === 'real' ? d : length, bits);
  const shape = { ...none, bits, norm, bound, maxWeight, rotated: isRotated, B };
  return { ...shape, name, kind, length, isPublic, d };
}

function flag(value: Value): boolean {
  must(typeof value === 'boolean', 'malformed', 'flag');
  return value;
}

/** The stretches of a noisy field. */
function stretchesOf(field: Facts): readonly Stretch[] {
  const { kind, length, min, max, maxWeight: W, d, B } = field;
  if (kind === 'integer') {
    const m = Math.max(Math.abs(min), Math.abs(max));
    return [{ length, square: length * m * m, L: length * m }];
  }
  const squared = Number(B);
  const l1 = Math.min(squared, Math.sqrt((kind === 'real' ? d : length) * squared));
  if (kind === 'real') return [{ length: d, square: squared, L: l1 }];
  return [
    { length, square: W * W * squared, L: W * l1 },
    { length: 1, square: W * W, L: W },
  ];
}

/** Section 4.4: the least tail that is rare enough. */
function tailOf(kind: string, v: number, n: number, coordinates: number): number {
  const rare = -40 * Math.LN2 - Math.log(2 * coordinates);
  const E = (T: number): number => {
    const u = T / (n * v);
    return kind === 'skellam'
      ? n * v * ((u * u) / (1 + Math.sqrt(1 + u * u)) - u * Math.asinh(u))
      : -(T * T) / (2 * n * v);
  };
  let T = 1;
  while (Math.LN2 + E(T) * (1 - 2 ** -49) > rare) T++;
  return T;
}

/** Section 4.3. */
function modulusBits(field: Facts, n: number, T: number): number {
  const { kind, min, max, bits, maxWeight, rotated, d, B } = field;
  let span = n * (2 ** bits - 1) * maxWeight;
  if (kind === 'integer') {
    refuseUnless(n * Math.max(Math.abs(min), Math.abs(max)) < 2 ** 53, 'integers too large');
    span = n * (max - min);
  }
  if (rotated) {
    const each = Math.sqrt((2 * (Math.LN2 + Math.log(d) + 49 * Math.LN2)) / d);
    span = 2 * (Math.ceil(n * Math.sqrt(Number(B)) * each) + n);
  }
  for (let b = 1; b <= 32; b++) if (2 ** b >= span + 1 + 2 * T) return b;
  return refuseUnless(false, 'the ring is too small') as never;
}

type Noise = Priced & { readonly z: number; readonly rotated: readonly string[] };

function readNoise(value: Value): Noise {
  const kind = text((value as Record<string, Value> | null)?.kind);
  if (kind === 'none') return { ...FREE, kind: text(map(value, 'kind').kind), z: 0, rotated: [] };
  refuseUnless(kind === 'skellam' || kind === 'discrete-gaussian', 'noise');
  const m = map(value, 'kind', 'epsilon', 'delta', 'rounds', 'multiplier', 'rotated');
  const [epsilon, delta, z] = [number(m.epsilon), number(m.delta), text(m.multiplier)];
  refuseUnless(epsilon > 0 && delta > 0 && delta < 1, 'price');
  const rounds = int(m.rounds, 1, 10 ** 6);
  refuseUnless(/^([1-9][0-9]{0,5}|[0-9]{1,6}\.[0-9]{1,12})$/.test(z), 'multiplier');
  const rotated = list(m.rotated, undefined, 256).map(text);
  refuseUnless(`${[...rotated].sort()}` === `${rotated}`, 'rotated');
  return { kind, epsilon, delta, rounds, z: Number(z), rotated };
}

function fieldsOf(value: Value, noise: Noise, { n, A }: Parameters, floor: number) {
  const { kind, z, rotated } = noise;
  const facts = list(value, undefined, 256).map((entry) => fieldFacts(entry, rotated));
  refuseUnless(facts.length > 0, 'no field');
  must(new Set(facts.map(({ name }) => name)).size === facts.length, 'malformed', 'name twice');
  refuseUnless(
    rotated.every((name) => facts.some((field) => field.name === name)),
    'rotated',
  );
  const noisy = kind === 'none' ? [] : facts.filter(({ isPublic }) => !isPublic);
  refuseUnless(kind === 'none' || noisy.length > 0, 'nothing to add noise to');
  const stretches = noisy.flatMap(stretchesOf);
  refuseUnless(
    stretches.every(({ square }) => square > 0),
    'no noise',
  );
  const least = kind === 'skellam' ? 2 ** -20 : 2 ** -12;
  refuseUnless(kind === 'none' || floor - A >= 2, 'parties');
  const [P, H] = [stretches.length, floor - A];
  const coordinates = stretches.reduce((sum, { length }) => sum + length, 0);
  const all = facts.map((field): Field => {
    const own = noisy.includes(field) ? stretchesOf(field) : [];
    const variances = own.map(({ square }) => Math.max((P * z * z * square) / H, least));
    const T = Math.max(0, ...variances.map((v) => tailOf(kind, v, n, coordinates)));
    return { ...field, variances, b: modulusBits(field, n, T) };
  });
  const variances = all.flatMap((field) => field.variances);
  refuseUnless(new Set(variances).size <= 64 && variances.every((v) => v <= 2 ** 42), 'noise');
  const price = kind === 'none' ? 0 : priceOf(noise, stretches, variances, { n, H });
  refuseUnless(price <= noise.epsilon * (1 + 1e-6), 'price');
  return { fields: all, variances, price };
}

/** Reads a plan, and works out the round under a beacon value. Policy (4.5) and price are the caller's. */
export function readPlan(
  encoded: Uint8Array,
  voucher: Uint8Array,
  beacon: Uint8Array = EMPTY,
  key?: UpdateKey,
): Round {
  const m = map(
    decode(encoded, 2_000_000),
    'version',
    'id',
    'fields',
    'roster',
    'trust',
    'floor',
    'suite',
    'noise',
    'commitments',
    'derived',
  );
  must(int(m.version, 0, 2 ** 32 - 1) === 1, 'unknown-version', 'plan');
  const trust = map(m.trust, 'corrupt', 'absent', 'coordinator', 'beacon');
  refuseUnless(['active', 'semi-honest'].includes(text(trust.coordinator)), 'coordinator');
  const suite = SUITES[text(m.suite) as Suite['name']] as Suite | undefined;
  refuseUnless(suite !== undefined, 'suite');
  const noise = readNoise(m.noise);
  const hasCommitments = m.commitments !== null;
  const isProven = hasCommitments && typeof m.commitments !== 'string';
  refuseUnless(!hasCommitments || isProven || m.commitments === 'pedersen', 'commitments');
  const clients = readRoster(bytes(m.roster), voucher);
  refuseUnless(isName(m.id), 'id');
  if (trust.beacon !== null) {
    const named = map(trust.beacon, 'chain', 'round', 'marginMs');
    refuseUnless(isName(named.chain), 'chain');
    int(named.round, 0, Number.MAX_SAFE_INTEGER);
    int(named.marginMs, 0, 2 ** 40);
  }
  refuseUnless(clients.length >= 3, 'fewer than 3 clients');
  const rates = { corrupt: text(trust.corrupt), absent: text(trust.absent) };
  const model = text(trust.coordinator);
  const parameters = parametersOf(clients.length, { ...rates, coordinator: model });
  const floor = int(m.floor, 0, 2 ** 32);
  refuseUnless(floor >= leastFloor(parameters) && floor <= parameters.n, 'floor');
  const quorum = Math.max(floor, parameters.Q0);
  const { fields, variances, price } = fieldsOf(m.fields, noise, parameters, floor);
  const lattice = latticeOf(fields, clients.length);
  refuseUnless(lattice === undefined || !hasCommitments, 'commitments under a lattice mask');
  const norms = isProven ? readBounds(m.commitments, fields, key) : [];
  const proven = isProven ? { key: key as UpdateKey, norms } : undefined;
  const derived = encode({
    corruptCount: parameters.A,
    absentCount: parameters.D,
    degree: parameters.k,
    threshold: parameters.t,
    window: parameters.w,
    quorum,
    modulusBits: [...fields.map(({ b }) => b), ...(hasCommitments ? [32] : [])],
    localVariances: variances.map(String),
    ...latticeValue(lattice),
  });
  refuseUnless(same(encode(m.derived), derived), 'derived');
  const planHash = HLP('veilsum/v1 plan', encoded);
  const roundId = HLP('veilsum/v1 round', planHash, beacon);
  const made = { clients, suite, parameters, floor, quorum, fields, kind: noise.kind, price };
  const graph = graphOf(parameters, roundId);
  const commitments = { hasCommitments, proven, lattice };
  return { ...made, ...commitments, beacon: trust.beacon, planHash, roundId, graph };
}
