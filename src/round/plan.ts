/**
 * The plan: the one thing that both sides hold. Users state facts (vectors, clip, who is invited, whom
 * they trust); degree, threshold, quorum and moduli are derived, and whatever does not fit is refused
 * here, before anybody sends anything. A plan's canonical bytes are hashed into everything.
 */
import { CodecError, UsageError } from '../errors.ts';
import { type Roster, rosterBytes } from '../identity/roster.ts';
import { SUITE_NAMES, type SuiteName, suite } from '../identity/suite.ts';
import { assertInteger } from '../internal/assert.ts';
import { lengthPrefixed, utf8 } from '../internal/bytes.ts';
import { sha256 } from '../internal/sha256.ts';
import {
  checkFloor,
  type GraphParameters,
  graphParameters,
  quorum,
} from '../secagg/graph-parameters.ts';
import { type FieldShape, type LatticeForm, type Terms, termsOfRound } from '../secagg/terms.ts';
import { type CborValue, encode } from '../wire/cbor.ts';
import { commitmentForm, commitmentsValue } from './commitment-form.ts';
import { assertScheme, type Commitments, limbShape } from './commitment-layout.ts';
import { isRotated } from './field-shape.ts';
import { assertFieldNames, type Field, type Fields } from './fields.ts';
import { latticeFormOf, latticeValue, settleMasks } from './lattice-fields.ts';
import { assertNoise, type Noise, type NoNoise } from './noise.ts';
import { planNoise } from './noise-plan.ts';
import type { PlannedPrivacy } from './price.ts';

/** A public randomness beacon and a round of it that lies in the future when the plan is published. */
export type BeaconFacts = {
  /** Name of the chain, as the caller's beacon port knows it. */
  readonly chain: string;
  /** Number of the beacon's round. */
  readonly round: number;
  /** How long before the beacon's round a client must have seen the plan, in milliseconds. */
  readonly marginMs: number;
};

/** Whom the makers of a plan trust, and how far. */
export type Trust = {
  /** γ: share of clients that may collude with the coordinator. A decimal below 1. */
  readonly corrupt: number | string;
  /** δ: share of clients that may vanish, from first to last phase. A decimal below 1. */
  readonly absent: number | string;
  /** What the coordinator may do: lie to anyone in any phase (`active`, the default), or only listen. */
  readonly coordinator?: 'active' | 'semi-honest';
  readonly beacon?: BeaconFacts;
};

/** The facts of a round. */
export type PlanFacts<
  F extends Fields,
  N extends Noise = Noise,
  C extends Commitments = undefined,
> = {
  /** Names the round; two rounds must not share it. 1 to 128 characters. */
  readonly id: string;
  readonly fields: F;
  readonly roster: Roster;
  readonly trust: Trust;
  /** Least number of contributors in an opened sum; n − ⌊δn⌋ unless said. */
  readonly floor?: number;
  /** Key agreement; `x25519` unless said. The hybrid also withstands a later quantum computer. */
  readonly suite?: SuiteName;
  /** `noNoise()`, or what the opened sums of a run may cost: `skellam({ epsilon, delta, rounds })`. */
  readonly noise: N;
  /**
   * `pedersen()` of `veilsum/zk`: clients commit to what they send, and the result comes with a proof
   * bundle that anyone can check. `provenUpdates({ key })`: they also prove that it is in bounds, and who
   * does not is left out by name. None unless said.
   */
  readonly commitments?: C;
};

/** A plan: facts and all that follows from them. Frozen. */
export type Plan<
  F extends Fields = Fields,
  N extends Noise = NoNoise,
  C extends Commitments = undefined,
> = {
  readonly id: string;
  readonly fields: F;
  readonly roster: Roster;
  readonly trust: {
    readonly corrupt: string;
    readonly absent: string;
    readonly coordinator: 'active' | 'semi-honest';
    readonly beacon: BeaconFacts | undefined;
  };
  readonly floor: number;
  readonly suite: SuiteName;
  readonly noise: N;
  readonly commitments: C;
  /** Derived: every client's share of the noise and its price; nothing without noise. */
  readonly privacy: N extends NoNoise ? undefined : PlannedPrivacy;
  /** Derived: degree, threshold, window and what they come from. */
  readonly parameters: GraphParameters;
  /** Derived: least number of signatures on one set of survivors. */
  readonly quorum: number;
  /** Derived: each field as the ring holds it; with commitments, a last one for their blindings. */
  readonly shapes: readonly FieldShape[];
  /** Derived: the fields under lattice masks, and how they travel; nothing where there are none. */
  readonly lattice: LatticeForm | undefined;
  /** SHA-256 of the canonical bytes, 32 bytes. */
  readonly hash: Uint8Array;
};

/** The format of a plan's bytes. */
export const PLAN_VERSION = 1;

/** A plan with or without noise and commitments. */
export type AnyPlan = Plan<Fields, Noise, Commitments>;

const bytesOf = new WeakMap<object, Uint8Array>();

/**
 * Makes a plan.
 *
 * @throws UsageError for facts out of range; `wrong-type` for commitments together with lattice masks.
 * @throws CapacityError naming numbers that would fit: `ring-overflow` (of the ring, or of a lattice mask's words),
 * `graph-infeasible`, `floor-unreachable`, `too-many-shares`; `too-many-bits` for values that are wider than
 * what can be proven.
 * @throws PrivacyError `unsound-parameters`: noise that cannot keep to its price, too few honest
 * survivors to carry it, or a field that gets none and is not declared public.
 *
 * **Cost**: the parameter search, milliseconds up to some thousand clients.
 */
export function plan<const F extends Fields, N extends Noise, C extends Commitments = undefined>(
  facts: PlanFacts<F, N, C>,
): Plan<F, N, C> {
  const { roster } = facts;
  assertName('plan id', facts.id);
  assertFieldNames(Object.keys(facts.fields));
  const suiteName = facts.suite ?? 'x25519';
  if (!SUITE_NAMES.includes(suiteName)) {
    throw new UsageError('out-of-range', `suite: expected one of ${SUITE_NAMES.join(', ')}`);
  }
  assertNoise(facts.noise);
  const commitments = facts.commitments as C;
  assertScheme('plan: commitments', commitments);
  const clients = roster.clients.length;
  const trust = trustOf(facts.trust);
  const parameters = graphParameters({ clients, ...trust });
  const floor = facts.floor ?? parameters.defaultFloor;
  checkFloor(parameters, floor);
  const masked = settleMasks(facts.fields, parameters, commitments);
  const { fields, shapes, privacy } = planNoise({ ...facts, fields: masked, parameters, floor });
  const made = {
    id: facts.id,
    fields: fields as F,
    roster,
    trust,
    floor,
    suite: suiteName,
    noise: settled(facts.noise, fields, privacy),
    commitments,
    privacy: privacy as Plan<F, N>['privacy'],
    parameters,
    quorum: quorum(parameters, floor),
    shapes:
      commitments === undefined
        ? shapes
        : Object.freeze([...shapes, limbShape(commitments, shapes, clients)]),
    lattice: latticeFormOf(fields, shapes, privacy, clients),
  };
  const encoded = encode(planValue(made));
  const hash = planHashOf(encoded);
  const whole: Plan<F, N, C> = Object.freeze({ ...made, hash });
  bytesOf.set(whole, encoded);
  return whole;
}

/** The hash of a plan's bytes. */
export const planHashOf = (encoded: Uint8Array): Uint8Array =>
  sha256(lengthPrefixed(utf8('veilsum/v1 plan'), encoded));

/** The noise with what was found for its price: a reader of the plan checks it, and finds nothing anew. */
function settled<N extends Noise>(
  noise: N,
  fields: Fields,
  privacy: PlannedPrivacy | undefined,
): N {
  if (privacy === undefined) return noise;
  const spread = Object.entries(fields).filter(([, field]) => isRotated(field));
  const rotated = Object.freeze(spread.map(([name]) => name).sort());
  return Object.freeze({ ...noise, multiplier: privacy.multiplier, rotated } as N);
}

/** 1 to 128 characters, none of them invisible: names are shown to people. */
function assertName(what: string, name: string): void {
  if (typeof name !== 'string' || !/^[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(name)) {
    throw new UsageError('out-of-range', `${what}: expected 1 to 128 visible characters`);
  }
}

function trustOf(trust: Trust): Plan['trust'] {
  const { beacon } = trust;
  if (beacon !== undefined) {
    assertName('beacon chain', beacon.chain);
    assertInteger('beacon round', beacon.round, 0, Number.MAX_SAFE_INTEGER);
    assertInteger('beacon marginMs', beacon.marginMs, 0, 2 ** 40);
  }
  return Object.freeze({
    corrupt: String(trust.corrupt),
    absent: String(trust.absent),
    coordinator: trust.coordinator ?? 'active',
    beacon: beacon === undefined ? undefined : Object.freeze({ ...beacon }),
  });
}

/**
 * A plan's canonical bytes: what a coordinator publishes.
 *
 * @throws UsageError `wrong-type` for an object that `plan` did not make.
 */
export function planBytes(of: AnyPlan): Uint8Array {
  const found = bytesOf.get(of);
  if (found === undefined) {
    throw new UsageError('wrong-type', 'plan: expected one made by plan() or readPlan()');
  }
  return found.slice();
}

function planValue(of: Omit<AnyPlan, 'hash'>): CborValue {
  const { parameters, trust, privacy } = of;
  return {
    version: PLAN_VERSION,
    id: of.id,
    fields: Object.entries(of.fields).map(([name, field]) => [name, fieldValue(field)]),
    roster: rosterBytes(of.roster),
    trust: {
      corrupt: trust.corrupt,
      absent: trust.absent,
      coordinator: trust.coordinator,
      beacon: trust.beacon === undefined ? null : { ...trust.beacon },
    },
    floor: of.floor,
    suite: of.suite,
    noise: noiseValue(of.noise),
    commitments: commitmentsValue(of),
    derived: {
      corruptCount: parameters.corruptCount,
      absentCount: parameters.absentCount,
      degree: parameters.degree,
      threshold: parameters.threshold,
      window: parameters.window,
      quorum: of.quorum,
      modulusBits: of.shapes.map(({ modulusBits }) => modulusBits),
      localVariances: privacy?.stretches.map(({ localVariance }) => String(localVariance)) ?? [],
      ...latticeValue(of.lattice),
    },
  };
}

function noiseValue(noise: Noise): CborValue {
  if (noise.kind === 'none') return { kind: noise.kind };
  const { kind, epsilon, delta, rounds, multiplier = null, rotated = [] } = noise;
  return {
    kind,
    epsilon: String(epsilon),
    delta: String(delta),
    rounds,
    multiplier,
    rotated: [...rotated],
  };
}

/** Numbers that need not be whole travel as their shortest decimal: canonical CBOR has no floats here. */
function fieldValue(field: Field): CborValue {
  const flags = {
    public: field.public === true,
    ...(field.mask === undefined ? {} : { mask: field.mask }),
  };
  if (field.kind === 'integer') {
    return { kind: field.kind, length: field.length, min: field.min, max: field.max, ...flags };
  }
  const { kind, length, bits = null } = field;
  const { norm, bound } = field.clip;
  const common = { kind, length, bits, norm, bound: String(bound), ...flags };
  return field.kind === 'real' ? common : { ...common, maxWeight: field.maxWeight };
}

/** Longest value of a beacon round; what a chain gives is a signature or a hash. */
const MAX_BEACON_BYTES = 1_024;

const noBeacon = new Uint8Array(0);
const termsByPlan = new WeakMap<AnyPlan, Map<string, Terms>>();
const planByTerms = new WeakMap<Terms, AnyPlan>();

/** The terms of a plan's round under a beacon value (no bytes where the plan names none). Cached. */
export function termsOf(of: AnyPlan, beacon: Uint8Array = noBeacon): Terms {
  if (beacon.length > 0 !== (of.trust.beacon !== undefined)) {
    const expected = of.trust.beacon === undefined ? 'none' : 'the value of the round it names';
    throw new UsageError('wrong-length', `beacon value: the plan expects ${expected}`);
  }
  if (beacon.length > MAX_BEACON_BYTES) {
    throw new UsageError(
      'wrong-length',
      `beacon value: got ${beacon.length} bytes, expected at most ${MAX_BEACON_BYTES}`,
    );
  }
  const known = termsByPlan.get(of) ?? new Map<string, Terms>();
  termsByPlan.set(of, known);
  const key = beacon.join();
  let terms = known.get(key);
  if (terms === undefined) {
    terms = termsOfRound({
      planHash: of.hash,
      beacon: beacon.slice(),
      roster: of.roster,
      suite: suite(of.suite),
      coordinator: of.trust.coordinator,
      parameters: of.parameters,
      floor: of.floor,
      fields: of.shapes,
      ...(of.lattice === undefined ? {} : { lattice: of.lattice }),
      ...(of.commitments === undefined ? {} : { commitments: commitmentForm(of) }),
    });
    known.set(key, terms);
    planByTerms.set(terms, of);
  }
  return terms;
}

/**
 * The same under the beacon value of a saved state.
 *
 * @throws CodecError `wrong-round` where the plan names a beacon and the state has no value, or the reverse
 */
export function termsOfSaved(of: AnyPlan, beacon: Uint8Array): Terms {
  if (beacon.length > 0 === (of.trust.beacon !== undefined)) return termsOf(of, beacon);
  const got = beacon.length > 0 ? 'a beacon value' : 'no beacon value';
  throw new CodecError('wrong-round', `saved state: got ${got}, expected what the plan asks for`);
}

/** The plan that terms were made from. */
export const planOf = (terms: Terms): AnyPlan => planByTerms.get(terms) as AnyPlan;
