/**
 * The he room. Operations through the adapter against the same calls on node-seal itself, on the same
 * objects; what the coordinator does with one client's ciphertexts against SEAL's own load and add of the
 * same; and bytes per value.
 */
import { randomFillSync } from 'node:crypto';
import { ciphertextBlob, type Polynomials, polynomials } from '../src/he/blob.ts';
import {
  checkLattice,
  coefficientsOf,
  encodedLatticeLength,
  encodeLattice,
} from '../src/he/codec.ts';
import { contextFor } from '../src/he/context.ts';
import { insideOf, rawOf, type Seal } from '../src/he/handles.ts';
import {
  ciphertextOf,
  decryptorOf,
  encryptorOf,
  evaluatorOf,
  generateKeys,
  plaintextOf,
} from '../src/he/objects.ts';
import {
  addCiphertextInto,
  decryptInto,
  encryptInto,
  loadWordsInto,
} from '../src/he/operations.ts';
import {
  dataPrimes,
  type ParameterSet,
  parameterSet,
  parameterSets,
} from '../src/he/parameters.ts';
import { type EncryptedSumRequest, planEncryptedSum } from '../src/he/plan.ts';
import { openSeal } from '../src/he/seal.ts';
import { addInto, openLatticeSum, sumOf } from '../src/he/sum/lattice-sum.ts';
import { type Book, interleave, openBook, progress, type Report, type Timing } from './harness.ts';
import { heTasks } from './he-task.ts';

/** The task: so many coordinates of so many clients, in fields of a sum of 16-bit values. */
const LENGTH = 1_000_000;
const CLIENTS = 100;
const FIELD_BITS = 23;

const SAMPLES = 41;
/** A sample of an operation is so many calls: about ten milliseconds each. */
const BATCHES = { encrypt: 4, add: 600, decrypt: 80 } as const;

/** What an issue allows: times of the adapter and of the coordinator over SEAL's own. */
const ADAPTER_BOUND = 1.1;
const COORDINATOR_BOUND = 2.5;

/** Measures this room: two to three minutes. */
export async function he(): Promise<Report> {
  const book = openBook();
  const seal = await openSeal();
  for (const name of ['exact-4096', 'exact-committee-8192'] as const) {
    progress(`he: the adapter at ${name}`);
    await adapter(book, seal, parameterSet(name));
  }
  for (const set of parameterSets) {
    progress(`he: the coordinator at ${set.name}`);
    await coordinator(book, seal, set);
  }
  sizes(book);
  await heTasks(book, seal);
  return book.report();
}

/** Milliseconds that one of `times` calls takes. */
const each =
  (times: number, work: () => unknown): (() => number) =>
  () => {
    const start = performance.now();
    for (let i = 0; i < times; i++) work();
    return (performance.now() - start) / times;
  };

/** Encrypting, adding and decrypting: ours and the raw call take turns on the same objects. */
async function adapter(book: Book, seal: Seal, set: ParameterSet): Promise<void> {
  using context = contextFor(seal, set);
  const { secretKey, publicKey } = generateKeys(context);
  using _secret = secretKey;
  using _public = publicKey;
  using encryptor = encryptorOf(context, publicKey);
  using decryptor = decryptorOf(context, secretKey);
  using evaluator = evaluatorOf(context);
  using plaintext = plaintextOf(seal);
  using opened = plaintextOf(seal);
  using ciphertext = ciphertextOf(seal);
  using sum = ciphertextOf(seal);
  const words = polynomials(set.degree);
  for (let i = 0; i < words.words.length; i += 2) words.words[i] = i * 2_654_435_761;
  loadWordsInto(plaintext, context, new Uint8Array(32), words);
  encryptInto(ciphertext, encryptor, plaintext);
  encryptInto(sum, encryptor, plaintext);
  const raw = {
    encryptor: rawOf(encryptor, 'encryptor'),
    decryptor: rawOf(decryptor, 'decryptor'),
    evaluator: rawOf(evaluator, 'evaluator'),
    plaintext: rawOf(plaintext, 'plaintext'),
    opened: rawOf(opened, 'plaintext'),
    ciphertext: rawOf(ciphertext, 'ciphertext'),
    sum: rawOf(sum, 'ciphertext'),
  };
  const operations = {
    encrypt: [
      () => encryptInto(ciphertext, encryptor, plaintext),
      () => raw.encryptor.encrypt(raw.plaintext, raw.ciphertext),
    ],
    add: [
      () => addCiphertextInto(sum, evaluator, ciphertext),
      () => raw.evaluator.addInplace(raw.sum, raw.ciphertext),
    ],
    decrypt: [
      () => decryptInto(opened, decryptor, ciphertext),
      () => raw.decryptor.decrypt(raw.ciphertext, raw.opened),
    ],
  } as const;
  for (const name of ['encrypt', 'add', 'decrypt'] as const) {
    const [ours, theirs] = operations[name];
    const times = await interleave(
      SAMPLES,
      { ours: each(BATCHES[name], ours), raw: each(BATCHES[name], theirs) },
      4,
    );
    held(book, `he/${name}/N=${set.degree}`, times, 'node-seal', ADAPTER_BOUND);
  }
}

/** A time, what it is held against, and the bound on their ratio, each in a record of its own. */
function held(
  book: Book,
  name: string,
  { ours, raw }: { readonly ours: Timing; readonly raw: Timing },
  other: string,
  bound: number,
): void {
  const against = [`${name}/${other}`, raw] as const;
  book.time(name, ours, against);
  book.time(against[0], raw);
  book.ratio(`${name}/ratio`, ours, against, bound);
}

/** How many ciphertexts the task takes with a set. */
function ciphertextsOf(set: ParameterSet): number {
  const fields = set.scheme === 'bfv' ? Math.floor(set.plainBits / FIELD_BITS) : 1;
  return Math.ceil(LENGTH / (set.places * fields));
}

/** All ciphertexts of one client: checked and added here, loaded and added by SEAL there. */
async function coordinator(book: Book, seal: Seal, set: ParameterSet): Promise<void> {
  const count = ciphertextsOf(set);
  const roundId = new Uint8Array(32).fill(7);
  const kind = 'ciphertext';
  using context = contextFor(seal, set);
  using evaluator = evaluatorOf(context);
  using sum = openLatticeSum(set, kind, roundId, count);
  const { module } = insideOf(seal);
  const raw = { context: rawOf(context, 'context'), evaluator: rawOf(evaluator, 'evaluator') };
  const term = new module.Ciphertext();
  const sums = Array.from({ length: count }, () => new module.Ciphertext());
  const expectations = sums.map((_, index) => ({ set, kind, roundId, index }) as const);
  const objects = expectations.map((expected) => {
    const words = randomResidues(set);
    const bytes = new Uint8Array(words.words.buffer, words.words.byteOffset);
    const wire = encodeLattice(expected, bytes);
    return { expected, wire, blob: ciphertextBlob(context.data, words, 1) };
  });
  const add = (): void => {
    for (const { expected, wire } of objects) addInto(sum, expected.index, wire);
  };
  const checkAndAdd = (): void => {
    for (const { expected, wire } of objects) {
      checkLattice(expected, wire);
      addInto(sum, expected.index, wire);
    }
  };
  const loadAndAdd = (): void => {
    for (const [i, { blob }] of objects.entries()) {
      term.loadFromArray(raw.context, blob);
      raw.evaluator.addInplace(sums[i] as (typeof sums)[0], term);
    }
  };
  try {
    for (const [i, { blob }] of objects.entries()) sums[i]?.loadFromArray(raw.context, blob);
    add();
    checkAndAdd();
    loadAndAdd();
    for (const [i, theirs] of sums.entries()) {
      const saved = theirs.saveToArray(module.ComprModeType.none);
      const ours = ciphertextBlob(context.data, sumOf(sum, i), 1);
      if (Buffer.compare(saved, ours) !== 0) throw new Error(`${set.name}: other sums than SEAL's`);
    }
    const sides = { ours: each(1, checkAndAdd), once: each(1, add), raw: each(1, loadAndAdd) };
    const times = await interleave(15, sides, 2);
    const name = `he/coordinator/${set.name}`;
    held(book, name, times, 'load-add', COORDINATOR_BOUND);
    book.time(`${name}/checked-once`, times.once, [`${name}/load-add`, times.raw]);
  } finally {
    for (const one of [...sums, term]) one.delete();
  }
}

/** A ciphertext's worth of residues: upper halves below those of their primes. */
function randomResidues(set: ParameterSet): Polynomials {
  const out = polynomials(coefficientsOf(set, 'ciphertext'));
  randomFillSync(out.words);
  const primes = dataPrimes(set).map((prime) => Number(prime >> 32n));
  for (let i = 1; i < out.words.length; i += 2) {
    const row = Math.floor(i / (2 * set.degree)) % primes.length;
    out.words[i] = (out.words[i] as number) % (primes[row] as number);
  }
  return out;
}

/** What an issue allows of a float32's four bytes, for the plan that each request gets. */
const planned: readonly (readonly [
  times: number,
  set: ParameterSet['name'],
  request: Pick<EncryptedSumRequest, 'precision' | 'keys' | 'scheme'>,
])[] = [
  [2.1, 'exact-4096', { precision: 1 / 65_535, keys: 'key-holder' }],
  [4.1, 'exact-committee-8192', { precision: 1 / 65_535, keys: { members: 10 } }],
  [12.1, 'approximate-committee-4096', { precision: 1e-6, keys: { members: 10 }, scheme: 'ckks' }],
];

/** Bytes of an upload for each coordinate: of every set, and bounds for those that plans choose. */
function sizes(book: Book): void {
  for (const set of parameterSets) {
    const name = `he/bytes-per-value/${set.name}`;
    const value = (ciphertextsOf(set) * encodedLatticeLength(set, 'ciphertext')) / LENGTH;
    const [times, , request] = planned.find(([, chosen]) => chosen === set.name) ?? [];
    if (times === undefined || request === undefined) {
      book.bytes(name, value, null);
      continue;
    }
    const plan = planEncryptedSum({ clients: CLIENTS, length: LENGTH, clip: 1, ...request });
    if (plan.set !== set) throw new Error(`${name}: the plan chose ${plan.set.name}`);
    book.bytes(name, plan.bytesPerValue, 4 * times, 'bound');
  }
}
