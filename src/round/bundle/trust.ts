/**
 * What a verifier brings from elsewhere: whom it trusts to be on the roster, and how little is too
 * little. A bundle says all of this about itself; only what is pinned here is more than its own word.
 */
import { UsageError } from '../../errors.ts';
import { rosterHash } from '../../identity/roster.ts';
import { assertFinite, assertInteger } from '../../internal/assert.ts';
import { toHex } from '../../internal/bytes.ts';
import type { AnyPlan } from '../plan.ts';
import { provenSchemeOf } from '../proven-fields.ts';

/** What a bundle is held against. Its JSON form is the same record; hashes are in lower-case hexadecimal. */
export type Trust = {
  /** Root of the roster, `rosterHash` of `veilsum/identity`: 64 digits. */
  readonly roster: string;
  /** Least number of contributors. */
  readonly floor: number;
  /** Hash of the plan, where it is known: 64 digits. Pins everything that the plan says. */
  readonly plan?: string;
  /** Value of the plan's beacon, where it is known: as many digits as it has. */
  readonly beacon?: string;
  /** By field, the greatest clip (or magnitude of integers) that the plan may have, in its own units. */
  readonly bounds?: Readonly<Record<string, number>>;
  /**
   * Hash of the update key: 64 digits. A bundle without proofs of bounds under this key is refused. For one
   * with such proofs it is needed, unless the plan is pinned.
   */
  readonly key?: string;
  /**
   * Takes update keys that say of themselves that their secrets may be known. Whoever knows them proves
   * anything and opens any sum: only for tests and for development.
   */
  readonly insecureKeyForTestingOnly?: boolean;
};

const KEYS = ['roster', 'floor', 'plan', 'beacon', 'bounds', 'key', 'insecureKeyForTestingOnly'];

/**
 * The trust of whoever knows the plan.
 *
 * @param plan - from `plan()` or `readPlan()`
 * @returns roster, plan and floor, pinned; and where the plan asks for proofs of bounds, their key
 */
export function trustIn(plan: AnyPlan): Trust {
  const key = provenSchemeOf(plan)?.key.hash;
  return Object.freeze({
    roster: toHex(rosterHash(plan.roster)),
    floor: plan.floor,
    plan: toHex(plan.hash),
    ...(key === undefined ? {} : { key: toHex(key) }),
  });
}

/**
 * Reads the JSON form.
 *
 * @param text - an object of {@link Trust}'s keys and no others
 * @throws UsageError `wrong-type`, `unknown-id`, `out-of-range`, `not-finite`: this is the verifier's own file
 */
export function readTrust(text: string): Trust {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('wrong-type', 'trust: got something else than JSON');
  }
  return checkedTrust(value);
}

/**
 * A frozen copy of what somebody trusts. A misspelt wish must not become no wish.
 *
 * @throws UsageError as {@link readTrust}
 */
export function checkedTrust(value: unknown): Trust {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('wrong-type', `trust: expected an object of ${KEYS.join(', ')}`);
  }
  const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new UsageError('unknown-id', `trust: got "${unknown}", expected only ${KEYS.join(', ')}`);
  }
  const { roster, floor, plan, beacon, bounds, key, insecureKeyForTestingOnly } = value as Trust;
  assertHex('trust: roster', roster, 64);
  assertInteger('trust: floor', floor, 1, 10_000);
  if (plan !== undefined) assertHex('trust: plan', plan, 64);
  if (beacon !== undefined) assertHex('trust: beacon', beacon);
  if (bounds !== undefined) assertBounds(bounds);
  if (key !== undefined) assertHex('trust: key', key, 64);
  if (insecureKeyForTestingOnly !== undefined && typeof insecureKeyForTestingOnly !== 'boolean') {
    throw new UsageError('wrong-type', 'trust: insecureKeyForTestingOnly: expected true or false');
  }
  return Object.freeze({
    roster,
    floor,
    ...(plan === undefined ? {} : { plan }),
    ...(beacon === undefined ? {} : { beacon }),
    ...(bounds === undefined ? {} : { bounds: Object.freeze({ ...bounds }) }),
    ...(key === undefined ? {} : { key }),
    ...(insecureKeyForTestingOnly === undefined ? {} : { insecureKeyForTestingOnly }),
  });
}

function assertHex(what: string, value: unknown, digits?: number): void {
  if (typeof value === 'string' && /^(?:[0-9a-f]{2})+$/.test(value)) {
    if (digits === undefined || value.length === digits) return;
  }
  const expected = digits === undefined ? 'an even number of' : String(digits);
  throw new UsageError('wrong-type', `${what}: expected ${expected} lower-case hexadecimal digits`);
}

function assertBounds(bounds: unknown): void {
  if (typeof bounds !== 'object' || bounds === null || Array.isArray(bounds)) {
    throw new UsageError('wrong-type', 'trust: bounds: expected an object of numbers by field');
  }
  for (const [name, bound] of Object.entries(bounds)) {
    assertFinite(`trust: bounds: ${JSON.stringify(name)}`, bound, 0);
  }
}
