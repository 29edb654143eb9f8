/**
 * A client's own policy, and the reading of a plan under it. The coordinator writes the plan, so a
 * client believes none of it: it recomputes every derived number, refuses any difference, and refuses
 * a plan that protects it less than it asks.
 */
import { type ProtocolError, UsageError } from '../errors.ts';
import { assertBytes, assertFinite, assertInteger } from '../internal/assert.ts';
import type { Brand } from '../internal/brand.ts';
import type { CommitmentScheme } from '../zk/commitment/scheme.ts';
import type { ProvenUpdates } from '../zk/update/scheme.ts';
import { assertScheme, type Commitments } from './commitment-layout.ts';
import type { Fields } from './fields.ts';
import { assertTarget, type DistributedNoise, type Noise, type NoNoise } from './noise.ts';
import type { AnyPlan, Plan } from './plan.ts';
import { rebuilt, refused } from './plan-reader.ts';

/** What a client insists on. Everything but the voucher has a default. */
export type Policy<F extends Fields = Fields> = {
  /** Ed25519 key of whoever vouches for rosters; 32 bytes. Should not be the coordinator's. */
  readonly voucher: Uint8Array;
  /**
   * The fields that this program means to send; a plan with others is refused. Without them, lattice masks are
   * taken from a `semi-honest` coordinator only.
   */
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

/** The part of a policy that takes plans with commitments only. */
export type CommittedPolicy = {
  /** `pedersen()` of `veilsum/zk`. */
  readonly commitments: CommitmentScheme;
};

/** The part of a policy that takes plans with proofs of bounds only, under this key. */
export type ProvenPolicy = {
  /** `provenUpdates({ key })` of `veilsum/zk`. */
  readonly commitments: ProvenUpdates;
};

/** A policy that takes noisy plans only, up to a price. */
export type NoisyPolicy<F extends Fields = Fields> = Policy<F> & {
  readonly privacy: PrivacyPolicy;
};

/** A plan that a client has read under its own policy: the only kind that it can advertise for. */
export type ReviewedPlan<
  F extends Fields = Fields,
  N extends Noise = NoNoise,
  C extends Commitments = undefined,
> = Brand<Plan<F, N, C>, 'ReviewedPlan'>;

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

/**
 * Reads a plan from its bytes and holds it against the client's policy.
 *
 * @param policy - with `privacy: { epsilon, delta }` the plan must have noise, at that price or less; the
 * client then needs a ledger. Without, the plan must have none. The same goes for `commitments:
 * pedersen()`: with it the plan must ask for commitments, without it the plan must not. With
 * `provenUpdates({ key })` it must ask for proofs of bounds under that key. Where it names `fields`, they must be
 * those of the plan, masks included: `mask: 'auto'` takes either kind.
 * @throws CodecError if the bytes are no plan. @throws ProtocolError `plan-refused` (not what the
 * policy asks, or a derived number differs), `bad-roster`; both blame the coordinator.
 * @throws UsageError for a policy out of range.
 *
 * **Security**: the only way to a {@link ReviewedPlan}. **Cost**: one signature check, 0.1 ms a
 * client for the roster's keys, and the parameter search.
 */
export function readPlan<F extends Fields = Fields>(
  encoded: Uint8Array,
  policy: NoisyPolicy<F> & ProvenPolicy,
): ReviewedPlan<F, DistributedNoise, ProvenUpdates>;
export function readPlan<F extends Fields = Fields>(
  encoded: Uint8Array,
  policy: Policy<F> & ProvenPolicy,
): ReviewedPlan<F, NoNoise, ProvenUpdates>;
export function readPlan<F extends Fields = Fields>(
  encoded: Uint8Array,
  policy: NoisyPolicy<F> & CommittedPolicy,
): ReviewedPlan<F, DistributedNoise, CommitmentScheme>;
export function readPlan<F extends Fields = Fields>(
  encoded: Uint8Array,
  policy: Policy<F> & CommittedPolicy,
): ReviewedPlan<F, NoNoise, CommitmentScheme>;
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
  policy: AnyPolicy,
):
  | ReviewedPlan<Fields, NoNoise, Commitments>
  | ReviewedPlan<Fields, DistributedNoise, Commitments> {
  checkPolicy(policy);
  const found = rebuilt(encoded, policy.voucher, policy.commitments);
  hold(found, policy);
  reviewed.add(found);
  return found as ReviewedPlan<Fields, NoNoise, Commitments>;
}

type AnyPolicy = Policy & {
  readonly privacy?: PrivacyPolicy;
  readonly commitments?: CommitmentScheme | ProvenUpdates;
};

/** A misspelt wish must not become no wish: every key and value of a policy is checked. */
function checkPolicy(policy: AnyPolicy): void {
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
    'commitments',
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
  assertScheme('policy: commitments', policy.commitments);
  oneOf('coordinator', ['active', 'semi-honest']);
  oneOf('beacon', ['required', 'optional']);
  oneOf('suite', ['hybrid', 'any']);
  if (policy.corrupt !== undefined) assertFinite('policy: corrupt', policy.corrupt, 0, 1);
  if (policy.honest !== undefined) assertInteger('policy: honest', policy.honest, 2, 1_000_000);
  if (policy.marginMs !== undefined) assertInteger('policy: marginMs', policy.marginMs, 0, 2 ** 40);
}

/** Refuses a plan that protects less than the policy asks. */
function hold(found: AnyPlan, policy: AnyPolicy): void {
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
  if (policy.commitments !== undefined && found.commitments === undefined) {
    throw say('commitments', 'none', 'some');
  }
  holdPrice(found, policy.privacy, policy.fields);
  if (coordinator === 'active') holdMasks(found.fields, policy.fields);
  if (policy.fields !== undefined && !sameFields(policy.fields, found.fields)) {
    throw say('fields', JSON.stringify(found.fields), JSON.stringify(policy.fields));
  }
}

/** A client with a price in mind takes part at that price only; one without takes no noisy plan at all. */
function holdPrice(
  { noise, fields }: AnyPlan,
  most: PrivacyPolicy | undefined,
  wanted: Fields | undefined,
): void {
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
  // What is public costs nothing and says everything: only the client's own program may name it so.
  const open = Object.entries(fields).find(
    ([name, field]) => field.public && !wanted?.[name]?.public,
  );
  if (open !== undefined) {
    throw refused(
      `plan: field "${open[0]}": got one that is public, without noise; this client's policy expects noise on ` +
        'every field that its own fields do not declare public',
    );
  }
  if (epsilon > most.epsilon || delta > most.delta) {
    throw refused(
      `plan: noise: it costs ε = ${epsilon} at δ = ${delta}, this client's policy expects at most ` +
        `ε = ${most.epsilon} at δ = ${most.delta}`,
    );
  }
}

/**
 * What lattice masks hide is not proven to be so from a coordinator that chooses survivors by what uploads look
 * like: a client that asks for more takes them where its own program names them only.
 */
function holdMasks(fields: Fields, wanted: Fields | undefined): void {
  const unasked = Object.entries(fields).find(
    ([name, { mask }]) => mask === 'lattice' && wanted?.[name]?.mask === undefined,
  );
  if (unasked === undefined) return;
  throw refused(
    `plan: field "${unasked[0]}": got lattice masks, this client's policy expects masks of pairs: its coordinator ` +
      'model is active, which lattice masks are not proven to withstand in all, and no fields of its own ask for ' +
      'them (mask: lattice or auto)',
  );
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
          .filter(([key]) => key !== 'mask' || wanted[name]?.mask !== 'auto')
          .filter(([key]) => key !== 'bits' || Object.hasOwn(wanted[name] ?? {}, key))
          .sort(),
      ]),
    );
  return flat(wanted) === flat(found);
};
