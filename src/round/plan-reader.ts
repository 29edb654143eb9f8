/**
 * A plan from its bytes. The coordinator wrote them, so nothing derived is believed: the facts are
 * decoded strictly, the plan is made anew, and every byte is compared.
 */
import { CapacityError, CodecError, PrivacyError, ProtocolError, UsageError } from '../errors.ts';
import { type Roster, readRoster } from '../identity/roster.ts';
import { SUITE_NAMES, type SuiteName } from '../identity/suite.ts';
import { equalBytes, toHex } from '../internal/bytes.ts';
import { type CborValue, decode } from '../wire/cbor.ts';
import { bytes, integer, list, record, text, tuple } from '../wire/fields.ts';
import type { Commitments } from './commitment-layout.ts';
import {
  type Field,
  type Fields,
  integer as integerField,
  publicField,
  real,
  weightedMean,
} from './fields.ts';
import { type Noise, noNoise } from './noise.ts';
import { type AnyPlan, type BeaconFacts, PLAN_VERSION, plan, planBytes } from './plan.ts';

/** Most bytes of a plan: a roster of 10,000, and fields. */
const MAX_PLAN_BYTES = 2_000_000;

/** A plan that is not what it should be is the coordinator's fault. */
export const refused = (message: string): ProtocolError =>
  new ProtocolError('plan-refused', message, ['coordinator']);

/** Decodes the facts, makes the plan anew, and compares every byte. */
export function rebuilt(
  encoded: Uint8Array,
  voucher: Uint8Array | undefined,
  scheme: Commitments,
): AnyPlan {
  const what = 'plan';
  const value = decode(encoded, { what, maxBytes: MAX_PLAN_BYTES });
  const facts = ['id', 'fields', 'roster', 'trust', 'floor', 'suite', 'noise', 'commitments'];
  const keys = ['version', ...facts, 'derived'];
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
  const commitments = readCommitments(of.commitments, scheme);
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
      ...(commitments === undefined ? {} : { commitments }),
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
function rosterOf(encoded: Uint8Array, voucher: Uint8Array | undefined): Roster {
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
  const of = record(
    value,
    ['kind', 'epsilon', 'delta', 'rounds', 'multiplier', 'rotated'],
    'plan: noise',
  );
  return Object.freeze({
    kind,
    epsilon: Number(text(of.epsilon, 32, 'plan: noise: epsilon')),
    delta: Number(text(of.delta, 32, 'plan: noise: delta')),
    rounds: integer(of.rounds, 1, 1_000_000, 'plan: noise: rounds'),
    multiplier: text(of.multiplier, 32, 'plan: noise: multiplier'),
    rotated: list(of.rotated, 256, 'plan: noise: rotated').map((name) =>
      text(name, 64, 'plan: noise: rotated'),
    ),
  });
}

/** A plan asks for commitments by their name; the code that makes them is the reader's own. */
function readCommitments(value: CborValue | undefined, scheme: Commitments): Commitments {
  if (value === null) return undefined;
  if (typeof value !== 'string') return readProven(value, scheme);
  const name = text(value, 32, 'plan: commitments');
  if (name !== 'pedersen') throw refused(`plan: got the unknown commitments "${name}"`);
  if (scheme?.name === name) return scheme;
  if (scheme !== undefined) {
    throw refused('plan: commitments: got some without proofs, expected provenUpdates()');
  }
  throw refused(
    'plan: it asks for commitments; a client that wants to take part says so in its policy, ' +
      "commitments: pedersen(), which is in 'veilsum/zk'",
  );
}

/** The hash of the update key that a plan's bytes ask for, if they do, before any of it is checked. */
export function keyHashIn(encoded: Uint8Array): Uint8Array | undefined {
  const value = decode(encoded, { what: 'plan', maxBytes: MAX_PLAN_BYTES });
  const of = value as { readonly commitments?: { readonly key?: CborValue } | null } | null;
  const key = of?.commitments?.key;
  return key instanceof Uint8Array ? key : undefined;
}

/** What else a plan says of proofs is worked out anew, and compared with all of its bytes. */
function readProven(value: CborValue | undefined, scheme: Commitments): Commitments {
  const what = 'plan: commitments';
  const of = record(value, ['scheme', 'key', 'chunk', 'bits', 'norms'], what);
  const name = text(of.scheme, 32, `${what}: scheme`);
  if (name !== 'proven-updates') throw refused(`plan: got the unknown commitments "${name}"`);
  const hash = bytes(of.key, 32, `${what}: key`);
  if (scheme?.name !== name) {
    throw refused(
      'plan: it asks for proofs that updates are in bounds; a client that wants to take part says so in ' +
        `its policy, commitments: provenUpdates({ key }), with the key whose hash is ${toHex(hash)}`,
    );
  }
  if (equalBytes(hash, scheme.key.hash)) return scheme;
  throw refused(
    `plan: commitments: got the key ${toHex(hash)}, this client's policy expects ${toHex(scheme.key.hash)}`,
  );
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
  // Named only where it is not the default, so that there is one form for each field.
  const mask = Object.hasOwn(value as object, 'mask') ? ['mask'] : [];
  if (kind === 'integer') {
    const of = record(value, ['kind', 'length', 'min', 'max', 'public', ...mask], what);
    const limit = Number.MAX_SAFE_INTEGER;
    return integerField({
      length: integer(of.length, 1, 2 ** 32, `${what}: length`),
      min: integer(of.min, -limit, limit, `${what}: min`),
      max: integer(of.max, -limit, limit, `${what}: max`),
      ...readMask(of.mask, what),
    });
  }
  const common = ['kind', 'length', 'bits', 'norm', 'bound', 'public', ...mask];
  const of = record(value, kind === 'real' ? common : [...common, 'maxWeight'], what);
  const options = {
    length: integer(of.length, 1, 2 ** 32, `${what}: length`),
    bits: integer(of.bits, 0, 64, `${what}: bits`),
    clip: {
      norm: text(of.norm, 8, `${what}: norm`) as 'l2' | 'linf',
      bound: Number(text(of.bound, 32, `${what}: bound`)),
    },
    ...readMask(of.mask, what),
  };
  if (kind === 'real') return real(options);
  if (kind !== 'weighted-mean') throw new CodecError('malformed', `${what}: unknown kind`);
  const maxWeight = integer(of.maxWeight, 0, 2 ** 32, `${what}: maxWeight`);
  return weightedMean({ ...options, maxWeight });
}

/** The only mask that a plan's bytes name. */
function readMask(value: CborValue | undefined, what: string): { readonly mask?: 'lattice' } {
  if (value === undefined) return {};
  const mask = text(value, 16, `${what}: mask`);
  if (mask === 'lattice') return { mask };
  throw refused(`${what}: got the unknown mask "${mask}"`);
}
