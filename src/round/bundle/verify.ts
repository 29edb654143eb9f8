/**
 * The verifier: from a bundle's bytes and what one trusts to a verdict. It needs nobody else, believes
 * nothing that it can work out, and says what nobody has checked.
 */
import { DependencyError, UsageError, VeilsumError } from '../../errors.ts';
import { rosterHash } from '../../identity/roster.ts';
import { toHex } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { idAt } from '../../secagg/terms.ts';
import { breathe } from '../../zk/commitment/bases.ts';
import { pedersen } from '../../zk/commitment/scheme.ts';
import { wasmPairing } from '../../zk/groth16/wasm-backend.ts';
import type { FastCurve } from '../../zk/snark.ts';
import { insecureUpdateKeyForTestingOnly, updateKey } from '../../zk/update/key.ts';
import { provenUpdates } from '../../zk/update/scheme.ts';
import type { Commitments } from '../commitment-layout.ts';
import { decodeSums } from '../encode.ts';
import type { Fields, SumsOf } from '../fields.ts';
import { type AnyPlan, planHashOf, termsOf } from '../plan.ts';
import { keyHashIn, rebuilt } from '../plan-reader.ts';
import { type Complain, checkEvidence, readSets, type Sets } from './evidence.ts';
import { type Bundle, decodeBundle } from './format.ts';
import { checkOpenings, readSums } from './openings.ts';
import { checkProofs } from './proofs.ts';
import { checkedTrust, type Trust } from './trust.ts';
import {
  type BundleFault,
  type BundleReason,
  type BundleVerdict,
  CHECKS,
  type CheckName,
  checksOf,
  notCheckedOf,
  statementOf,
} from './verdict.ts';

/** How a bundle is verified. */
export type VerifyOptions = {
  /** snarkjs's curve, see `fastCurve` of `veilsum/zk`: the same verdict, sooner. Without it, noble. */
  readonly curve?: FastCurve;
  /** Stops the verification. */
  readonly signal?: AbortSignal;
};

/** What is known so far. */
type Found = {
  readonly reasons: BundleReason[];
  readonly held: CheckName[];
  plan: AnyPlan | undefined;
  statement: BundleVerdict['statement'];
  sum: BundleVerdict['sum'];
};

/**
 * Verifies a proof bundle.
 *
 * @param bundle - from anybody
 * @param trust - from somewhere else than the bundle
 * @returns a verdict, whatever the bytes; at least one reason where it is not valid
 * @throws UsageError for a trust that does not hold, or a curve that was disposed of
 * @throws the signal's reason when it is aborted
 *
 * **Security**: a valid bundle says that the sum is that of what exactly these clients of this roster
 * committed to, each without knowing the others' commitments. That they kept to bounds it says only of
 * rounds with proofs of that, and then under a trusted setup: read `notChecked`.
 * **Cost**: two Ed25519 checks for each contributor and one for each confirmation, one addition for each
 * commitment's chunk, `openSum` for each field; the bases once in a process. With proofs also the checks
 * of `updateKey`, and `verifyUpdates` for all contributors at once. Others get a turn in between.
 */
export async function verifyBundle(
  bundle: Uint8Array,
  trust: Trust,
  options: VerifyOptions = {},
): Promise<BundleVerdict> {
  const trusted = checkedTrust(trust);
  const found: Found = {
    reasons: [],
    held: [],
    plan: undefined,
    statement: undefined,
    sum: undefined,
  };
  try {
    await verify(bundle, trusted, options, found);
  } catch (error) {
    if (!isOfBytes(error)) throw error;
    found.reasons.push({ code: 'malformed', text: error.message });
  }
  const valid =
    found.reasons.length === 0 &&
    found.plan !== undefined &&
    found.held.length === checksOf(found.plan);
  return Object.freeze({
    valid,
    reasons: Object.freeze(found.reasons.map((reason) => Object.freeze(reason))),
    checked: Object.freeze(found.held.map((code) => Object.freeze({ code, text: CHECKS[code] }))),
    notChecked: notCheckedOf(found.plan, trusted),
    statement: found.statement,
    sum: valid ? found.sum : undefined,
  });
}

/** Whether an error is about the bundle, and not about the verifier's own machine or program. */
const isOfBytes = (error: unknown): error is Error =>
  (error instanceof VeilsumError &&
    !(error instanceof DependencyError) &&
    !(error instanceof UsageError && error.code === 'disposed')) ||
  error instanceof RangeError;

async function verify(
  encoded: Uint8Array,
  trust: Trust,
  options: VerifyOptions,
  found: Found,
): Promise<void> {
  const bundle = decodeBundle(ownCopy(encoded));
  found.held.push('form');
  const plan = await planOfBundle(bundle, trust, options, found);
  if (plan === undefined) return;
  const beaconFault = faultOfBeacon(plan, bundle.beacon, trust);
  if (beaconFault !== undefined) {
    found.reasons.push({ code: 'wrong-beacon', text: beaconFault });
    return;
  }
  const terms = termsOf(plan, bundle.beacon);
  const sets = readSets(terms, bundle);
  const contributors = sets.u3.map((index) => idAt(terms, index));
  const root = toHex(rosterHash(plan.roster));
  const confirmed = sets.signers.length;
  const context = bundle.proven?.context;
  found.statement = statementOf(plan, terms, root, { contributors, confirmed, context });
  found.held.push('round');
  const failed = new Set<CheckName>();
  const complain: Complain = (check, reason) => {
    failed.add(check);
    found.reasons.push(reason);
  };
  const settle = (...checks: readonly CheckName[]): void => {
    found.held.push(...checks.filter((check) => !failed.has(check)));
  };
  checkFloor(plan, sets, trust, complain);
  settle('contributors');
  const rest = async (): Promise<void> => {
    await breathe();
    options.signal?.throwIfAborted();
  };
  const sums = readSums(plan, bundle);
  const commitments = await checkEvidence(terms, bundle, sets, complain, rest);
  settle('signatures', 'commitments', 'quorum');
  if (sets.u3.length === 0) return;
  const decoded = decodeSums<Fields>(plan, sums, sets.u3.length);
  for (const field of decoded.poisoned) {
    const text = `field "${field}": the sum lies outside of what ${sets.u3.length} contributors can put in`;
    complain('bounds', { code: 'out-of-bounds', text, field });
  }
  found.sum = decoded.sum as SumsOf<Fields>;
  const { curve, signal } = options;
  await checkOpenings({ plan, bundle, sums, commitments, curve, signal, complain });
  settle('bounds', 'opening');
  if (bundle.proven === undefined) return;
  await rest();
  checkProofs(plan, terms, { proven: bundle.proven, u3: sets.u3, commitments }, complain);
  settle('proofs');
}

/** Memory that another thread shares could change between two looks at it. */
const ownCopy = (bytes: Uint8Array): Uint8Array =>
  bytes instanceof Uint8Array && !(bytes.buffer instanceof ArrayBuffer)
    ? Uint8Array.from(bytes)
    : bytes;

/** The plan, if it is one that is trusted; the first thing that is wrong with it ends the verification. */
async function planOfBundle(
  bundle: Bundle,
  trust: Trust,
  options: VerifyOptions,
  found: Found,
): Promise<AnyPlan | undefined> {
  const refuse = (code: BundleFault, text: string): undefined => {
    found.reasons.push({ code, text });
  };
  // First, since it costs next to nothing: making a plan anew takes time.
  if (trust.plan !== undefined && toHex(planHashOf(bundle.plan)) !== trust.plan) {
    return refuse('wrong-plan', 'the plan is not the trusted one');
  }
  let plan: AnyPlan;
  try {
    const scheme = await schemeOfBundle(bundle, trust, options);
    if (typeof scheme === 'string') return refuse('wrong-key', scheme);
    plan = rebuilt(bundle.plan, undefined, scheme);
  } catch (error) {
    if (!isOfBytes(error)) throw error;
    return refuse('wrong-plan', error.message);
  }
  if (toHex(rosterHash(plan.roster)) !== trust.roster) {
    return refuse('wrong-roster', 'the roster is not the trusted one');
  }
  if (plan.commitments === undefined) {
    return refuse('wrong-plan', 'the plan asks for no commitments');
  }
  for (const [name, bound] of Object.entries(trust.bounds ?? {})) {
    const got = Object.hasOwn(plan.fields, name) ? magnitudeOf(plan.fields, name) : undefined;
    if (got === undefined || got > bound) {
      const says = got === undefined ? 'is not in the plan' : `may be up to ${got}`;
      return refuse('wrong-bounds', `field "${name}" ${says}, the trust expects at most ${bound}`);
    }
  }
  found.plan = plan;
  found.held.push('plan', 'roster');
  return plan;
}

/** What the bundle's commitments are made on; in words, why its key is not one to be trusted. */
async function schemeOfBundle(
  { plan, proven }: Bundle,
  trust: Trust,
  { curve }: VerifyOptions,
): Promise<NonNullable<Commitments> | string> {
  if (proven === undefined) {
    return trust.key === undefined
      ? pedersen()
      : 'the bundle has no proofs of bounds, the trust expects some under its key';
  }
  if (trust.key === undefined && trust.plan === undefined) {
    // Under a key of somebody's own making, any sum opens, and anything is proven.
    return 'the bundle has proofs of bounds, and the trust pins neither their key nor the plan';
  }
  // First, since it costs next to nothing: opening a key takes time.
  const hash = toHex(sha256(proven.key));
  if (trust.key !== undefined && hash !== trust.key) return 'the update key is not the trusted one';
  const asked = keyHashIn(plan);
  if (asked !== undefined && hash !== toHex(asked)) {
    return 'the update key is not the one that the plan asks for';
  }
  const openKey =
    trust.insecureKeyForTestingOnly === true ? insecureUpdateKeyForTestingOnly : updateKey;
  const backend = curve === undefined ? undefined : await wasmPairing(curve);
  try {
    return provenUpdates({ key: await openKey(proven.key, { backend, curve }) });
  } catch (error) {
    if (!isOfBytes(error)) throw error;
    return error.message;
  }
}

function magnitudeOf(fields: Fields, name: string): number {
  const field = fields[name] as Fields[string];
  return field.kind === 'integer'
    ? Math.max(Math.abs(field.min), Math.abs(field.max))
    : field.clip.bound;
}

function faultOfBeacon(plan: AnyPlan, value: Uint8Array, trust: Trust): string | undefined {
  if (value.length > 0 !== (plan.trust.beacon !== undefined)) {
    return `the plan names ${plan.trust.beacon === undefined ? 'no' : 'a'} beacon, and the bundle has ${value.length} bytes of one`;
  }
  return trust.beacon !== undefined && toHex(value) !== trust.beacon
    ? "the beacon's value is not the trusted one"
    : undefined;
}

function checkFloor(plan: AnyPlan, { u2, u3 }: Sets, trust: Trust, complain: Complain): void {
  const least = Math.max(plan.floor, trust.floor, 1);
  if (u3.length < least) {
    const text = `got ${u3.length} contributors, expected at least ${least}`;
    complain('contributors', { code: 'below-floor', text });
  }
  if (u2.length < plan.quorum) {
    const text = `got ${u2.length} participants, expected at least the quorum of ${plan.quorum}`;
    complain('contributors', { code: 'bad-survivors', text });
  }
}
