/**
 * snarkjs's JSON files, to and from ours: verification keys, proofs, public inputs. Strict: the fields
 * that snarkjs writes and no others, each once; numbers as decimal text without sign or leading zero,
 * coordinates below p and public inputs below r; affine points only.
 *
 * Only encodings are judged here. Whether points are on their curves is seen when they are used.
 */
import { CodecError, UsageError } from '../../errors.ts';
import { FIELD_BYTES, numberAt, P, R, writeNumber } from './field.ts';
import { type KeySetup, MAX_PUBLICS, readKey, splitProof, writeKey, writeProof } from './layout.ts';
import { encodingFault } from './points.ts';
import { readStrictJson, type StrictJson } from './strict-json.ts';

/** A key with the most public inputs, and white space. */
const MAX_KEY_TEXT = 2 ** 24;
const MAX_PROOF_TEXT = 4_096;
const MAX_PUBLICS_TEXT = 2 ** 23;

const PROTOCOL = 'groth16';
const CURVE = 'bn128';
/** e(α, β): the one field that may be missing, as it follows from others. */
const PRODUCT = 'vk_alphabeta_12';

/**
 * The bytes of a verifying key from the JSON that `snarkjs zkey export verificationkey` writes.
 *
 * The value of e(α, β) in the file is not taken over: it is computed from the points.
 *
 * @param text - the file's content, from anyone
 * @param setup - `ceremony` only if you know that one took place: the file does not tell
 * @returns what `verifyingKey` reads
 * @throws CodecError `too-large`, `malformed`, `non-canonical`
 * @throws UsageError `wrong-type` if the setup is neither
 */
export function keyFromSnarkjs(text: string, setup: KeySetup): Uint8Array {
  if (setup !== 'ceremony' && setup !== 'insecure') {
    throw new UsageError('wrong-type', `setup: got another, expected 'ceremony' or 'insecure'`);
  }
  const what = 'verification key';
  const fields = fieldsOf(what, readStrictJson(what, text, MAX_KEY_TEXT), [
    'protocol',
    'curve',
    'nPublic',
    'vk_alpha_1',
    'vk_beta_2',
    'vk_gamma_2',
    'vk_delta_2',
    'IC',
    PRODUCT,
  ]);
  assertSystem(what, fields);
  const publics = fields.get('nPublic');
  if (typeof publics !== 'number' || publics > MAX_PUBLICS) {
    throw new CodecError('malformed', `${what}: nPublic: expected 0 to ${MAX_PUBLICS}`);
  }
  const ic = listOf(`${what}: IC`, fields.get('IC'), publics + 1);
  assertProduct(`${what}: ${PRODUCT}`, fields.get(PRODUCT));
  const g2 = (name: string): Uint8Array => g2Of(`${what}: ${name}`, fields.get(name));
  return writeKey({
    setup,
    alpha: g1Of(`${what}: vk_alpha_1`, fields.get('vk_alpha_1')),
    beta: g2('vk_beta_2'),
    gamma: g2('vk_gamma_2'),
    delta: g2('vk_delta_2'),
    ic: ic.map((point, i) => g1Of(`${what}: IC ${i}`, point)),
  });
}

/**
 * A verifying key as JSON for `snarkjs.groth16.verify`. Without the value of e(α, β), which that does
 * not read. snarkjs has no mark for insecure keys: it is lost.
 *
 * @param bytes - of a key
 * @throws CodecError as `verifyingKey`, curves aside
 * @throws UsageError `wrong-type`
 */
export function keyToSnarkjs(bytes: Uint8Array): string {
  const { alpha, beta, gamma, delta, ic } = readKey(bytes);
  return JSON.stringify({
    protocol: PROTOCOL,
    curve: CURVE,
    nPublic: ic.length - 1,
    vk_alpha_1: g1Text(alpha),
    vk_beta_2: g2Text(beta),
    vk_gamma_2: g2Text(gamma),
    vk_delta_2: g2Text(delta),
    IC: ic.map(g1Text),
  });
}

/**
 * The bytes of a proof from the JSON that `snarkjs groth16 prove` writes.
 *
 * @param text - the file's content, from anyone; of an object that snarkjs gave, its `JSON.stringify`
 * @returns 258 bytes, which `verifyGroth16` takes
 * @throws CodecError `too-large`, `malformed`, `non-canonical`
 */
export function proofFromSnarkjs(text: string): Uint8Array {
  const what = 'proof';
  const names = ['pi_a', 'pi_b', 'pi_c', 'protocol', 'curve'];
  const fields = fieldsOf(what, readStrictJson(what, text, MAX_PROOF_TEXT), names);
  assertSystem(what, fields);
  return writeProof({
    a: g1Of(`${what}: pi_a`, fields.get('pi_a')),
    b: g2Of(`${what}: pi_b`, fields.get('pi_b')),
    c: g1Of(`${what}: pi_c`, fields.get('pi_c')),
  });
}

/**
 * A proof as JSON for `snarkjs.groth16.verify`.
 *
 * @param proof - 258 bytes
 * @throws CodecError `malformed`, `non-canonical`
 */
export function proofToSnarkjs(proof: Uint8Array): string {
  const parts = splitProof(proof);
  if (parts === undefined) {
    throw new CodecError('malformed', 'proof: got other bytes, expected a proof of this version');
  }
  for (const point of Object.values(parts)) assertEncoding('proof', point);
  const { a, b, c } = parts;
  return JSON.stringify({
    pi_a: g1Text(a),
    pi_b: g2Text(b),
    pi_c: g1Text(c),
    protocol: PROTOCOL,
    curve: CURVE,
  });
}

/**
 * Public inputs from the JSON array of texts that snarkjs writes.
 *
 * @param text - the file's content, from anyone
 * @returns numbers from 0 to r − 1
 * @throws CodecError `too-large`, `malformed`, `non-canonical`
 */
export function publicsFromSnarkjs(text: string): readonly bigint[] {
  const what = 'public inputs';
  const list = readStrictJson(what, text, MAX_PUBLICS_TEXT);
  if (!Array.isArray(list) || list.length > MAX_PUBLICS) {
    throw new CodecError('malformed', `${what}: expected an array of at most ${MAX_PUBLICS}`);
  }
  return list.map((value, i) => decimal(`${what}: ${i}`, value, R));
}

/**
 * Public inputs as the JSON array of texts that snarkjs reads.
 *
 * @param publics - numbers from 0 to r − 1
 * @throws UsageError `wrong-type`, `out-of-range`
 */
export function publicsToSnarkjs(publics: readonly bigint[]): string {
  if (!Array.isArray(publics)) {
    throw new UsageError('wrong-type', `public inputs: got ${typeof publics}, expected an array`);
  }
  for (const value of publics) {
    if (typeof value !== 'bigint' || value < 0n || value >= R) {
      throw new UsageError('out-of-range', 'public input: expected a bigint from 0 to r − 1');
    }
  }
  return JSON.stringify(publics.map(String));
}

type Fields = ReadonlyMap<string, StrictJson>;

/** An object with these fields and no others. */
function fieldsOf(what: string, value: StrictJson, names: readonly string[]): Fields {
  if (!(value instanceof Map)) {
    throw new CodecError('malformed', `${what}: got no object, expected one`);
  }
  for (const name of value.keys()) {
    if (!names.includes(name)) {
      throw new CodecError('malformed', `${what}: got an unknown field, expected ${names}`);
    }
  }
  for (const name of names) {
    if (!value.has(name) && name !== PRODUCT)
      throw new CodecError('malformed', `${what}: got no ${name}, expected it`);
  }
  return value;
}

/** The shape of e(α, β); its value is not used. */
function assertProduct(what: string, product: StrictJson | undefined): void {
  if (product === undefined) return;
  for (const half of listOf(what, product, 2)) {
    for (const part of listOf(what, half, 3)) {
      for (const value of listOf(what, part, 2)) decimal(what, value, P);
    }
  }
}

function assertSystem(what: string, fields: Fields): void {
  if (fields.get('protocol') === PROTOCOL && fields.get('curve') === CURVE) return;
  throw new CodecError('malformed', `${what}: expected protocol ${PROTOCOL} on curve ${CURVE}`);
}

function listOf(what: string, value: unknown, length: number): readonly StrictJson[] {
  if (Array.isArray(value) && value.length === length) return value;
  throw new CodecError('malformed', `${what}: expected an array of ${length}`);
}

/** The number that a text holds, in the one way of writing it. */
function decimal(what: string, value: StrictJson, limit: bigint): bigint {
  if (typeof value !== 'string' || !/^(?:0|[1-9][0-9]{0,76})$/.test(value)) {
    throw new CodecError('non-canonical', `${what}: expected a decimal number as a text`);
  }
  const number = BigInt(value);
  if (number < limit) return number;
  throw new CodecError('non-canonical', `${what}: expected a number below ${limit}`);
}

/** Affine points only: z is 1. */
function assertOne(what: string, isOne: boolean): void {
  if (!isOne) throw new CodecError('non-canonical', `${what}: z: expected 1`);
}

function pointOf(what: string, coordinates: readonly StrictJson[]): Uint8Array {
  const out = new Uint8Array(FIELD_BYTES * coordinates.length);
  for (const [i, value] of coordinates.entries()) {
    writeNumber(out, FIELD_BYTES * i, decimal(what, value, P));
  }
  assertEncoding(what, out);
  return out;
}

function assertEncoding(what: string, point: Uint8Array): void {
  const fault = encodingFault(point);
  if (fault === undefined) return;
  const code = fault === 'point-not-canonical' ? 'non-canonical' : 'malformed';
  throw new CodecError(code, `${what}: got a ${fault.replaceAll('-', ' ')}, expected another`);
}

function g1Of(what: string, value: unknown): Uint8Array {
  const [x, y, z] = listOf(what, value, 3) as [StrictJson, StrictJson, StrictJson];
  assertOne(what, z === '1');
  return pointOf(what, [x, y]);
}

function g2Of(what: string, value: unknown): Uint8Array {
  const parts = listOf(what, value, 3).map((part) => listOf(what, part, 2));
  const [[x0, x1], [y0, y1], z] = parts as [StrictJson[], StrictJson[], StrictJson[]];
  assertOne(what, z[0] === '1' && z[1] === '0');
  // snarkjs writes the real part first.
  return pointOf(what, [x1, x0, y1, y0] as StrictJson[]);
}

const text = (point: Uint8Array, i: number): string => String(numberAt(point, FIELD_BYTES * i));

const g1Text = (point: Uint8Array): unknown => [text(point, 0), text(point, 1), '1'];

const g2Text = (point: Uint8Array): unknown => [
  [text(point, 1), text(point, 0)],
  [text(point, 3), text(point, 2)],
  ['1', '0'],
];
