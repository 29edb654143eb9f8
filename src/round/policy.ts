/**
 * A client's own policy, and the reading of a plan under it. The coordinator writes the plan, so a
 * client believes none of it: it recomputes every derived number, refuses any difference, and refuses
 * a plan that protects it less than it asks.
 */
import { CapacityError, CodecError, PrivacyError, ProtocolError, UsageError } from '../errors.ts';
import { type Roster, readRoster } from '../identity/roster.ts';
import { SUITE_NAMES, type SuiteName } from '../identity/suite.ts';
import { assertBytes, assertFinite, assertInteger } from '../internal/assert.ts';
import type { Brand } from '../internal/brand.ts';
import { equalBytes } from '../internal/bytes.ts';
import { type CborValue, decode } from '../wire/cbor.ts';
import { bytes, integer, list, record, text, tuple } from '../wire/fields.ts';
import {
  type Field,
  type Fields,
  integer as integerField,
  publicField,
  real,
  weightedMean,
} from './fields.ts';
import { assertTarget, type DistributedNoise, type Noise, type NoNoise, noNoise } from './noise.ts';
import {
  type AnyPlan,
  type BeaconFacts,
  PLAN_VERSION,
  type Plan,
  plan,
  planBytes,
} from './plan.ts';

/** What a client insists on. Everything but the voucher has a default. */
export type Policy<F extends Fields = Fields> = {
  /** Ed25519 key of whoever vouches for rosters; 32 bytes. Should not be the coordinator's. */
  readonly voucher: Uint8Array;
  /** The fields that this program means to send; a plan with others is refused. */
  readonly fields?: F;
  /** Weakest coordinator model accepted: `active` (the default) or `semi-honest`. */
  readonly coordinator?: 'active' | 'semi-honest';
  /**
   * Least γ accepted; 0.05 unless said. Unless it is 0, γ must come to at least one whole client: a
   * plan that withstands no colluding client protects nobody whose neighbour is curious.
   */
  readonly corrupt?: number;
  /** Least number of honest contributors that an opened sum must have, floor − ⌊γn⌋; 2 unless said. */
  readonly honest?: number;
  /** Whether the plan must name a beacon; no, unless said. */
  readonly beacon?: 'required' | 'optional';
  /** Least margin of the plan's beacon, if it names one, in milliseconds; 60,000 unless said. It must
   * cover how far this client's clock may be off. */
  readonly marginMs?: number;
  /** Whether the plan must use the hybrid suite; no, unless said. */
  readonly suite?: 'hybrid' | 'any';
};

/** The most that a plan's opened sums may cost over the run that it belongs to. */
export type PrivacyPolicy = { readonly epsilon: number; readonly delta: number };

/** A policy that takes noisy plans only, up to a price. */
export type NoisyPolicy<F extends Fields = Fields> = Policy<F> & {
  readonly privacy: PrivacyPolicy;
};

/** A plan that a client has read under its own policy: the only kind that it can advertise for. */
export type ReviewedPlan<F extends Fields = Fields, N extends Noise = NoNoise> = Brand<
  Plan<F, N>,
  'ReviewedPlan'
>;

const reviewed = new WeakSet<AnyPlan>();

/**
 * The run-time half of {@link ReviewedPlan}, for callers without types.
 *
 * @throws UsageError `wrong-type`
 */
export function assertReviewed(plan: AnyPlan): void {
  if (!reviewed.has(plan)) {
    throw new UsageError('wrong-type', 'plan: expected one that this client read with readPlan()');
  }
}

/** Most bytes of a plan: a roster of 10,000, and fields. */
const MAX_PLAN_BYTES = 2_000_000;

/**
 * Reads a plan from its bytes and holds it against the client's policy.
 *
 * @throws CodecError if the bytes are no plan. @throws ProtocolError `plan-refused` (not what the
 * policy asks, or a derived number differs), `bad-roster`; both blame the coordinator.
 * @throws UsageError for a policy out of range.
 *
 * **Security**: the only way to a {@link ReviewedPlan}. **Cost**: one signature check, 0.1 ms a
 * client for the roster's keys, and the parameter search.
 */
export function readPlan<F extends Fields = Fields>(
  encoded: Uint8Array,
  policy: NoisyPolicy<F>,
): ReviewedPlan<F, DistributedNoise>;
export function readPlan<F extends Fields = Fields>(
  encoded: Uint8Array,
  policy: Policy<F>,
): ReviewedPlan<F>;
export function readPlan(
  encoded: Uint8Array,
  policy: Policy | NoisyPolicy,
): ReviewedPlan<Fields, NoNoise> | ReviewedPlan<Fields, DistributedNoise> {
  checkPolicy(policy);
  const found = rebuilt(encoded, policy.voucher);
  hold(found, policy);
  reviewed.add(found);
  return found as ReviewedPlan | ReviewedPlan<Fields, DistributedNoise>;
}

const refused = (message: string): ProtocolError =>
  new ProtocolError('plan-refused', message, ['coordinator']);

/** Decodes the facts, makes the plan anew, and compares every byte. */
function rebuilt(encoded: Uint8Array, voucher: Uint8Array): AnyPlan {
  const what = 'plan';
  const value = decode(encoded, { what, maxBytes: MAX_PLAN_BYTES });
  const keys = ['version', 'id', 'fields', 'roster', 'trust', 'floor', 'suite', 'noise', 'derived'];
  const of = record(value, keys, what);
  const version = integer(of.version, 0, 0xffff_ffff, 'plan: version');
  if (version !== PLAN_VERSION) {
    throw new CodecError(
      'unknown-version',
      `plan: got version ${version}, expected ${PLAN_VERSION}`,
    );
  }
  const trust = record(of.trust, ['corrupt', 'absent', 'coordinator', 'beacon'], 'plan: trust');
  const coordinator = text(trust.coordinator, 16, 'plan: coordinator');
  const suite = text(of.suite, 32, 'plan: suite') as SuiteName;
  if (coordinator !== 'active' && coordinator !== 'semi-honest') {
    throw refused(`plan: got coordinator model "${coordinator}", expected active or semi-honest`);
  }
  if (!SUITE_NAMES.includes(suite)) throw refused(`plan: got the unknown suite "${suite}"`);
  const noise = readNoise(of.noise);
  const roster = rosterOf(
    bytes(of.roster, { min: 1, max: MAX_PLAN_BYTES }, 'plan: roster'),
    voucher,
  );
  const beacon = readBeacon(trust.beacon);
  let made: AnyPlan;
  try {
    made = plan({
      id: text(of.id, 512, 'plan: id'),
      fields: readFields(of.fields),
      roster,
      trust: {
        corrupt: text(trust.corrupt, 32, 'plan: corrupt'),
        absent: text(trust.absent, 32, 'plan: absent'),
        coordinator,
        ...(beacon === undefined ? {} : { beacon }),
      },
      floor: integer(of.floor, 0, 2 ** 32, 'plan: floor'),
      suite,
      noise,
    });
  } catch (error) {
    if (
      error instanceof UsageError ||
      error instanceof CapacityError ||
      error instanceof PrivacyError
    ) {
      throw refused(`plan: ${error.message}`);
    }
    throw error;
  }
  if (!equalBytes(planBytes(made), encoded)) {
    throw refused(
      `plan: its derived numbers are not those that follow from its facts (expected degree ` +
        `${made.parameters.degree}, threshold ${made.parameters.threshold}, window ` +
        `${made.parameters.window}, quorum ${made.quorum})`,
    );
  }
  return made;
}

/** A plan with a roster that does not hold is the coordinator's fault, whoever else's it may be. */
function rosterOf(encoded: Uint8Array, voucher: Uint8Array): Roster {
  try {
    return readRoster(encoded, voucher);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.code, error.message, ['coordinator', ...error.culprits]);
  }
}

function readBeacon(value: CborValue | undefined): BeaconFacts | undefined {
  if (value === null) return undefined;
  const of = record(value, ['chain', 'round', 'marginMs'], 'plan: beacon');
  return {
    chain: text(of.chain, 512, 'plan: beacon chain'),
    round: integer(of.round, 0, Number.MAX_SAFE_INTEGER, 'plan: beacon round'),
    marginMs: integer(of.marginMs, 0, 2 ** 40, 'plan: beacon margin'),
  };
}

function readNoise(value: CborValue | undefined): Noise {
  const kind = text((value as Record<string, CborValue> | null)?.kind, 32, 'plan: noise: kind');
  if (kind === 'none') {
    record(value, ['kind'], 'plan: noise');
    return noNoise();
  }
  if (kind !== 'skellam' && kind !== 'discrete-gaussian') {
    throw refused(`plan: got the unknown noise "${kind}"`);
  }
  const of = record(value, ['kind', 'epsilon', 'delta', 'rounds', 'multiplier'], 'plan: noise');
  return Object.freeze({
    kind,
    epsilon: Number(text(of.epsilon, 32, 'plan: noise: epsilon')),
    delta: Number(text(of.delta, 32, 'plan: noise: delta')),
    rounds: integer(of.rounds, 1, 1_000_000, 'plan: noise: rounds'),
    multiplier: text(of.multiplier, 32, 'plan: noise: multiplier'),
  });
}

function readFields(value: CborValue | undefined): Fields {
  const entries = list(value, 256, 'plan: fields').map((entry) => {
    const [nameValue, of] = tuple(entry, 2, 'plan: field');
    const name = text(nameValue, 64, 'plan: field name');
    const what = `plan: field "${name}"`;
    const field = readField(of, what);
    return [name, isPublic(of, what) ? publicField(field) : field] as const;
  });
  const fields = Object.fromEntries(entries);
  if (Object.keys(fields).length !== entries.length) {
    throw new CodecError('malformed', 'plan: a field name appears twice');
  }
  return fields;
}

function isPublic(value: CborValue | undefined, what: string): boolean {
  const open = (value as Record<string, CborValue>).public;
  if (typeof open === 'boolean') return open;
  throw new CodecError('malformed', `${what}: public: expected true or false`);
}

function readField(value: CborValue | undefined, what: string): Field {
  const kind = text((value as Record<string, CborValue> | null)?.kind, 16, `${what}: kind`);
  if (kind === 'integer') {
    const of = record(value, ['kind', 'length', 'min', 'max', 'public'], what);
    const limit = Number.MAX_SAFE_INTEGER;
    return integerField({
      length: integer(of.length, 1, 2 ** 32, `${what}: length`),
      min: integer(of.min, -limit, limit, `${what}: min`),
      max: integer(of.max, -limit, limit, `${what}: max`),
    });
  }
  // Whether it is rotated follows from the rest.
  const common = ['kind', 'length', 'bits', 'norm', 'bound', 'rotated', 'public'];
  const of = record(value, kind === 'real' ? common : [...common, 'maxWeight'], what);
  const options = {
    length: integer(of.length, 1, 2 ** 32, `${what}: length`),
    bits: integer(of.bits, 0, 64, `${what}: bits`),
    clip: {
      norm: text(of.norm, 8, `${what}: norm`) as 'l2' | 'linf',
      bound: Number(text(of.bound, 32, `${what}: bound`)),
    },
  };
  if (kind === 'real') return real(options);
  if (kind !== 'weighted-mean') throw new CodecError('malformed', `${what}: unknown kind`);
  const maxWeight = integer(of.maxWeight, 0, 2 ** 32, `${what}: maxWeight`);
  return weightedMean({ ...options, maxWeight });
}

/** A misspelt wish must not become no wish: every key and value of a policy is checked. */
function checkPolicy(policy: Policy & { readonly privacy?: PrivacyPolicy }): void {
  const oneOf = (key: keyof Policy, values: readonly unknown[]): void => {
    if (policy[key] !== undefined && !values.includes(policy[key])) {
      throw new UsageError('out-of-range', `policy: ${key}: expected one of ${values.join(', ')}`);
    }
  };
  const known = [
    'voucher',
    'fields',
    'coordinator',
    'corrupt',
    'honest',
    'beacon',
    'marginMs',
    'suite',
    'privacy',
  ];
  const unknown = Object.keys(policy).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new UsageError(
      'unknown-id',
      `policy: got "${unknown}", expected only ${known.join(', ')}`,
    );
  }
  assertBytes('policy: voucher', policy.voucher, 32);
  if (policy.privacy !== undefined) assertTarget('policy: privacy', policy.privacy);
  oneOf('coordinator', ['active', 'semi-honest']);
  oneOf('beacon', ['required', 'optional']);
  oneOf('suite', ['hybrid', 'any']);
  if (policy.corrupt !== undefined) assertFinite('policy: corrupt', policy.corrupt, 0, 1);
  if (policy.honest !== undefined) assertInteger('policy: honest', policy.honest, 2, 1_000_000);
  if (policy.marginMs !== undefined) assertInteger('policy: marginMs', policy.marginMs, 0, 2 ** 40);
}

/** Refuses a plan that protects less than the policy asks. */
function hold(found: AnyPlan, policy: Policy & { readonly privacy?: PrivacyPolicy }): void {
  const { coordinator = 'active', corrupt = 0.05, honest = 2, marginMs = 60_000 } = policy;
  const { trust, parameters } = found;
  const say = (what: string, got: unknown, expected: unknown): ProtocolError =>
    refused(`plan: ${what}: got ${got}, this client's policy expects ${expected}`);
  if (coordinator === 'active' && trust.coordinator !== 'active') {
    throw say('coordinator model', trust.coordinator, 'active');
  }
  if (Number(trust.corrupt) < corrupt) throw say('corrupt', trust.corrupt, `at least ${corrupt}`);
  if (corrupt > 0 && parameters.corruptCount < 1) {
    const of = `${trust.corrupt} of ${parameters.clients}, which is no whole client`;
    throw say('corrupt', of, 'a plan that withstands at least one');
  }
  const least = found.floor - parameters.corruptCount;
  if (least < honest) throw say('honest contributors', least, `at least ${honest}`);
  if (policy.beacon === 'required' && trust.beacon === undefined)
    throw say('beacon', 'none', 'one');
  if (trust.beacon !== undefined && trust.beacon.marginMs < marginMs) {
    throw say('beacon margin', `${trust.beacon.marginMs} ms`, `at least ${marginMs} ms`);
  }
  if (policy.suite === 'hybrid' && found.suite === 'x25519') {
    throw say('suite', found.suite, 'the hybrid one');
  }
  holdPrice(found, policy.privacy);
  if (policy.fields !== undefined && !sameFields(policy.fields, found.fields)) {
    throw say('fields', JSON.stringify(found.fields), JSON.stringify(policy.fields));
  }
}

/** A client with a price in mind takes part at that price only; one without takes no noisy plan at all. */
function holdPrice({ noise }: AnyPlan, most: PrivacyPolicy | undefined): void {
  if (noise.kind === 'none') {
    if (most === undefined) return;
    throw refused(
      `plan: noise: got none, this client's policy expects some, for at most ε = ${most.epsilon}`,
    );
  }
  const { epsilon, delta } = noise;
  if (most === undefined) {
    throw refused(
      `plan: noise: it costs ε = ${epsilon} at δ = ${delta}, and this client's policy names no price; ` +
        'say in the policy what a run may cost, privacy: { epsilon, delta }, and bring a ledger',
    );
  }
  if (epsilon > most.epsilon || delta > most.delta) {
    throw refused(
      `plan: noise: it costs ε = ${epsilon} at δ = ${delta}, this client's policy expects at most ` +
        `ε = ${most.epsilon} at δ = ${most.delta}`,
    );
  }
}

/** Same names in the same order, same facts. Fields are frozen records made by this room. */
const sameFields = (wanted: Fields, found: Fields): boolean => {
  const flat = (fields: Fields): string =>
    JSON.stringify(
      Object.entries(fields).map(([name, field]) => [
        name,
        Object.entries({ ...field, ...('clip' in field ? field.clip : {}) })
          // Bits that were left out are the plan's to fill in.
          .filter(([key]) => key !== 'rotated')
          .filter(([key]) => key !== 'bits' || Object.hasOwn(wanted[name] ?? {}, key))
          .sort(),
      ]),
    );
  return flat(wanted) === flat(found);
};
