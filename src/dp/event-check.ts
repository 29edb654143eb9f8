/**
 * What makes a record an event: the table of all kinds and their fields, and the one function that
 * reads a record by it. Constructors and stored events go through the same check.
 */
import { PrivacyError, UsageError } from '../errors.ts';
import { assertFinite, assertInteger } from '../internal/assert.ts';

/** How deep events may lie in each other; a whole training run with sampling needs four or five. */
export const MAX_EVENT_DEPTH = 32;
/** How many records one event may be made of; equal ones are to be `repeated`. */
export const MAX_EVENT_RECORDS = 10_000;

const MAX_COUNT = Number.MAX_SAFE_INTEGER;
/** Above any meaningful multiplier, and far enough from the ends of a double to be squared. */
const MAX_REAL = 1e100;
const MIN_REAL = 1e-100;

type Walk = { records: number };
type Read = (what: string, value: unknown, depth: number, walk: Walk) => unknown;

const real =
  (min: number, max: number): Read =>
  (what, value) => {
    assertFinite(what, value, min, max);
    return value;
  };
const whole =
  (min: number): Read =>
  (what, value) => {
    assertInteger(what, value, min, MAX_COUNT);
    return value;
  };
const positive = real(MIN_REAL, MAX_REAL);
const share = real(0, 1);
const count = whole(1);

const list =
  (read: Read, least: number): Read =>
  (what, value, depth, walk) => {
    if (!Array.isArray(value)) {
      throw new UsageError('wrong-type', `${what}: got ${typeof value}, expected an array`, {
        what,
      });
    }
    if (value.length < least || value.length > MAX_EVENT_RECORDS) {
      throw new UsageError(
        'wrong-length',
        `${what}: got ${value.length} elements, expected ${least} to ${MAX_EVENT_RECORDS}`,
        { what, got: value.length },
      );
    }
    // By index: a hole is an element that is missing, and `map` would pass over it.
    return Object.freeze(
      Array.from({ length: value.length }, (_, i) => read(`${what}[${i}]`, value[i], depth, walk)),
    );
  };

const KINDS: Readonly<Record<string, Readonly<Record<string, Read>>>> = {
  gaussian: { noiseMultiplier: positive },
  laplace: { noiseMultiplier: positive },
  'discrete-gaussian': { sigma: positive, l2Sensitivity: positive, dimension: count },
  'discrete-laplace': { rate: positive, sensitivity: count },
  skellam: { variance: positive, l2Sensitivity: positive, l1Sensitivity: positive },
  'distributed-discrete-gaussian': {
    parties: count,
    localSigma: positive,
    l2Sensitivity: positive,
    l1Sensitivity: positive,
    dimension: count,
  },
  'randomised-response': { noise: share, buckets: whole(2) },
  'poisson-sampled': { probability: share, event: readInner },
  'sampled-without-replacement': { population: count, sample: count, event: readInner },
  'tree-aggregation': { noiseMultiplier: positive, stepCounts: list(count, 1) },
  'zero-concentrated': { rho: real(0, MAX_REAL) },
  approximate: { epsilon: real(0, MAX_REAL), delta: real(0, 1) },
  composed: { events: list(readInner, 0) },
  repeated: { event: readInner, count },
};

/**
 * Reads a record as an event: a frozen copy that shares nothing with it.
 *
 * @param what the record's name in error messages
 * @param value anything, e.g. parsed JSON
 * @throws PrivacyError `unsupported-event` (no known kind); UsageError `wrong-type` (no record, a key
 *   missing or too many), `wrong-length`, `not-finite`, `out-of-range` (a number, the depth or the
 *   number of records)
 */
export function readEvent(what: string, value: unknown): unknown {
  return readInner(what, value, 0, { records: 0 });
}

function readInner(what: string, value: unknown, depth: number, walk: Walk): unknown {
  if (depth > MAX_EVENT_DEPTH) {
    throw new UsageError(
      'out-of-range',
      `${what}: got events nested deeper than ${MAX_EVENT_DEPTH}, expected at most that`,
      { what, max: MAX_EVENT_DEPTH },
    );
  }
  walk.records++;
  if (walk.records > MAX_EVENT_RECORDS) {
    throw new UsageError(
      'out-of-range',
      `${what}: got more than ${MAX_EVENT_RECORDS} events, expected at most that (see repeated)`,
      { what, max: MAX_EVENT_RECORDS },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('wrong-type', `${what}: got no record, expected an event`, { what });
  }
  const record = value as Readonly<Record<string, unknown>>;
  const kind = Object.hasOwn(record, 'kind') ? record.kind : undefined;
  const fields = typeof kind === 'string' && Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (fields === undefined) {
    throw new PrivacyError(
      'unsupported-event',
      `${what}.kind: got ${typeof kind === 'string' ? JSON.stringify(kind.slice(0, 40)) : typeof kind}, ` +
        `expected one of ${Object.keys(KINDS).join(', ')}`,
      { what },
    );
  }
  const names = Object.keys(fields);
  const own = Object.keys(record);
  const missing = names.find((name) => !Object.hasOwn(record, name));
  if (missing !== undefined || own.length !== names.length + 1) {
    const surplus = own.find((name) => name !== 'kind' && !names.includes(name));
    throw new UsageError(
      'wrong-type',
      `${what}: got ${missing === undefined ? `a key ${JSON.stringify(surplus?.slice(0, 40))}` : `no ${missing}`}, ` +
        `expected exactly kind, ${names.join(', ')}`,
      { what },
    );
  }
  const event: Record<string, unknown> = { kind };
  for (const name of names) {
    event[name] = (fields[name] as Read)(`${what}.${name}`, record[name], depth + 1, walk);
  }
  if (kind === 'sampled-without-replacement') {
    assertInteger(`${what}.sample`, event.sample, 1, event.population as number);
  }
  return Object.freeze(event);
}
