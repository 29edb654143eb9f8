/** Chooses the parameter set of an encrypted sum from facts: how many clients, how long, how fine. */
import { CapacityError, UsageError } from '../errors.ts';
import { assertFinite, assertInteger } from '../internal/assert.ts';
import { encodedLatticeLength } from './codec.ts';
import {
  dataModulusBits,
  FLOODING_EXCESS,
  floodingDeviation,
  honestNoise,
  noiseRoom,
  openedNoise,
  tailFactor,
  worstNoise,
} from './noise-bounds.ts';
import { type ParameterSet, parameterSets } from './parameters.ts';

/** Who opens the sum: so many members together, or one holder who is neither client nor coordinator. */
export type KeyHolders = { readonly members: number } | 'key-holder';

/** The facts of an encrypted sum. */
export type EncryptedSumRequest = {
  /** How many may contribute, 1 to 2^20. */
  readonly clients: number;
  /** Coordinates of each client's vector, 1 to 2^28. */
  readonly length: number;
  /** The greatest magnitude of a coordinate, above 0. */
  readonly clip: number;
  /**
   * The greatest error of a coordinate of the mean (the sum over `clients`), above 0; or 0: all
   * coordinates are whole numbers, and the sum is exact.
   */
  readonly precision: number;
  /** Default: a committee of at most 20, so bounds hold for every smaller one. */
  readonly keys?: KeyHolders;
  /** Only sets of this scheme; default: whichever uploads fewer bytes. */
  readonly scheme?: 'bfv' | 'ckks';
};

/** A planned sum: all of it public. Frozen. */
export type EncryptedSumPlan = {
  readonly set: ParameterSet;
  readonly clients: number;
  readonly length: number;
  readonly clip: number;
  readonly keys: KeyHolders;
  /** `bfv`: a coordinate is rounded to a multiple of this. 0 for `ckks`. */
  readonly step: number;
  /** `bfv`: bits of a field of the sum, and fields in one coefficient. 0 and 1 for `ckks`. */
  readonly fieldBits: number;
  readonly fields: number;
  /** `ckks`: 1.0 becomes 2^scaleBits. 0 for `bfv`. */
  readonly scaleBits: number;
  /** How many ciphertexts a client sends. */
  readonly ciphertexts: number;
  /** Bytes of a client's ciphertexts, and per coordinate; a round adds 44 to each for its second head. */
  readonly uploadBytes: number;
  readonly bytesPerValue: number;
  /** The greatest error of a coordinate of the mean, but for a probability of 2^−60; 0 if exact. */
  readonly errorBound: number;
  /** Deviation of what each member adds to each coefficient of its share; 0 with a key holder. */
  readonly flooding: number;
};

/** `bfv`: bits of a coefficient's message, all fields together; the plaintext's lower bits are spare. */
export const messageBits = ({
  fields,
  fieldBits,
}: Pick<EncryptedSumPlan, 'fields' | 'fieldBits'>): number => fields * fieldBits;

const MOST_CLIENTS = 2 ** 20;
const MOST_MEMBERS = 20;

/** Sums of fields are numbers of JavaScript. */
const MOST_FIELD_BITS = 53;

/** What SEAL's transforms in doubles may lose, of the greatest magnitude, one way. */
const DOUBLE_LOSS = 2 ** -44;

/**
 * Picks the set that uploads the fewest bytes, or says what would fit.
 *
 * @param request see {@link EncryptedSumRequest}
 * @throws CapacityError `ring-overflow` if no set will do; message and `details` (`maxClients`,
 *   `leastPrecision`) name what would, each with the rest as it is, 0 where nothing would
 * @throws UsageError `out-of-range`, `not-finite`, `wrong-type`
 *
 * **Security**: bounds hold for ciphertexts and keys made with any coins that SEAL can toss, not for what
 * is no encryption. Who encrypts values beyond `clip`
 * falsifies the sum and is not noticed. With a key holder, `ckks` is never chosen: its results must
 * not leave unflooded.
 */
export function planEncryptedSum(request: EncryptedSumRequest): EncryptedSumPlan {
  const asked = checked(request);
  const plan = cheapest(asked);
  if (plan !== undefined) return plan;
  const fits = (changed: Partial<EncryptedSumRequest>): boolean =>
    cheapest({ ...asked, ...changed }) !== undefined;
  const maxClients = greatest((clients) => fits({ clients }), asked.clients);
  const leastPrecision = leastFitting((precision) => fits({ precision }), asked);
  throw new CapacityError(
    'ring-overflow',
    `planEncryptedSum: got ${asked.clients} clients with clip ${asked.clip} and precision ${asked.precision}, ` +
      `expected them to fit a parameter set; ` +
      `${maxClients > 0 ? `at most ${maxClients} clients fit` : 'no number of clients fits'}, ` +
      `${leastPrecision > 0 ? `a precision of ${leastPrecision} fits` : 'no coarser precision fits'}`,
    { maxClients, leastPrecision },
  );
}

type Asked = Required<Omit<EncryptedSumRequest, 'scheme'>> & Pick<EncryptedSumRequest, 'scheme'>;

function checked(request: EncryptedSumRequest): Asked {
  const { clients, length, clip, precision, keys = { members: MOST_MEMBERS }, scheme } = request;
  assertInteger('planEncryptedSum: clients', clients, 1, MOST_CLIENTS);
  assertInteger('planEncryptedSum: length', length, 1, 2 ** 28);
  assertFinite('planEncryptedSum: clip', clip, Number.MIN_VALUE, 2 ** 100);
  assertFinite('planEncryptedSum: precision', precision, 0, 2 ** 100);
  if (keys !== 'key-holder') {
    assertInteger('planEncryptedSum: keys.members', keys?.members, 2, MOST_MEMBERS);
  }
  if (scheme !== undefined && scheme !== 'bfv' && scheme !== 'ckks') {
    throw new UsageError('wrong-type', "planEncryptedSum: scheme: expected 'bfv' or 'ckks'");
  }
  const whose = keys === 'key-holder' ? keys : Object.freeze({ members: keys.members });
  return { clients, length, clip, precision, keys: whose, ...(scheme && { scheme }) };
}

function cheapest(asked: Asked): EncryptedSumPlan | undefined {
  const held = asked.keys === 'key-holder' ? 'key-holder' : 'committee';
  let best: EncryptedSumPlan | undefined;
  for (const set of parameterSets) {
    if (set.keys !== held || (asked.scheme ?? set.scheme) !== set.scheme) continue;
    const plan = set.scheme === 'bfv' ? exactPlan(set, asked) : approximatePlan(set, asked);
    if (plan !== undefined && plan.uploadBytes < (best?.uploadBytes ?? Infinity)) best = plan;
  }
  return best;
}

/**
 * Fields of whole numbers, offset so that none is negative, as many to a coefficient as fit: also with
 * the noise, for which there is more room the fewer they are.
 */
function exactPlan(set: ParameterSet, asked: Asked): EncryptedSumPlan | undefined {
  const { clients, length, clip, precision, keys } = asked;
  const step = stepOf(asked);
  if (!(step > 0)) return undefined;
  // A clip between two steps is rounded to the outer one.
  const units = Math.ceil(clip / step);
  const greatestSum = clients * 2 * units;
  if (!(greatestSum < 2 ** MOST_FIELD_BITS)) return undefined;
  let fieldBits = 1;
  while (2 ** fieldBits <= greatestSum) fieldBits++;
  for (let fields = Math.floor(set.plainBits / fieldBits); fields > 0; fields--) {
    const ciphertexts = Math.ceil(length / (set.places * fields));
    const noise =
      keys === 'key-holder'
        ? honestNoise(set, clients, ciphertexts)
        : openedNoise(set, clients, keys.members, ciphertexts);
    if (Math.log2(noise) >= noiseRoom(set, messageBits({ fields, fieldBits }))) continue;
    const found = { step, fieldBits, fields, scaleBits: 0, ciphertexts, errorBound: precision };
    return planned(set, asked, found);
  }
  return undefined;
}

/** What doubles may lose of a coordinate, to steps and back, unless a step is a power of two. */
const STEP_LOSS = 2 ** -51;

/** How far apart multiples are, so that rounding to them errs by the precision at most. */
function stepOf({ clip, precision }: Pick<Asked, 'clip' | 'precision'>): number {
  if (precision === 0) return 1;
  const isExact = Number.isInteger(Math.log2(precision));
  return 2 * (isExact ? precision : precision - STEP_LOSS * clip);
}

/** Slots of reals, at the finest scale at which the sum still fits the modulus. */
function approximatePlan(set: ParameterSet, asked: Asked): EncryptedSumPlan | undefined {
  const { clients, length, clip, precision, keys } = asked;
  if (precision === 0 || keys === 'key-holder') return undefined;
  const { degree } = set;
  const { members } = keys;
  const ciphertexts = Math.ceil(length / set.places);
  const opened = openedNoise(set, clients, members, ciphertexts);
  const modulus = dataModulusBits(set);
  // A coefficient of the sum is at most clients · clip · scale; an eighth of q leaves room for noise.
  const scaleBits = Math.floor(modulus - 3 - Math.max(0, Math.log2(clients * clip)));
  if (scaleBits < 1 || Math.log2(opened) >= modulus - 3) return undefined;
  // In a slot, worst-case noise adds up; flooding is independent, and half of it in the real part.
  const flooding =
    FLOODING_EXCESS *
    tailFactor(length) *
    Math.sqrt((members * degree) / 2) *
    floodingDeviation(set, clients, members, ciphertexts);
  const noise = (worstNoise(set, clients, members) * degree + flooding) / 2 ** scaleBits;
  const errorBound = noise / clients + 2 * DOUBLE_LOSS * clip;
  if (!(errorBound <= precision)) return undefined;
  return planned(set, asked, {
    step: 0,
    fieldBits: 0,
    fields: 1,
    scaleBits,
    ciphertexts,
    errorBound,
  });
}

function planned(
  set: ParameterSet,
  { clients, length, clip, keys }: Asked,
  found: Pick<
    EncryptedSumPlan,
    'step' | 'fieldBits' | 'fields' | 'scaleBits' | 'ciphertexts' | 'errorBound'
  >,
): EncryptedSumPlan {
  const uploadBytes = found.ciphertexts * encodedLatticeLength(set, 'ciphertext');
  const flooding =
    keys === 'key-holder' ? 0 : floodingDeviation(set, clients, keys.members, found.ciphertexts);
  return Object.freeze({
    set,
    clients,
    length,
    clip,
    keys,
    ...found,
    uploadBytes,
    bytesPerValue: uploadBytes / length,
    flooding,
  });
}

/** The greatest n below `limit` that fits, if what fits is what is small enough; 0 if none does. */
function greatest(fits: (n: number) => boolean, limit: number): number {
  let low = 0;
  let high = limit;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** The least precision, up to a factor of 2, at which the rest fits; 0 if even `clip` is too fine. */
function leastFitting(fits: (precision: number) => boolean, { precision, clip }: Asked): number {
  for (let at = precision === 0 ? 0.5 : precision * 2; at <= clip; at *= 2) if (fits(at)) return at;
  return 0;
}
