/**
 * The he room. Operations through the adapter against the same calls on node-seal itself, on the same
 * objects; then whole tasks, in `he-task.ts`.
 */
import { polynomials } from '../src/he/blob.ts';
import { contextFor } from '../src/he/context.ts';
import { rawOf, type Seal } from '../src/he/handles.ts';
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
import { type ParameterSet, parameterSet } from '../src/he/parameters.ts';
import { openSeal } from '../src/he/seal.ts';
import { type Book, interleave, openBook, progress, type Report, type Timing } from './harness.ts';
import { heTasks } from './he-task.ts';

const SAMPLES = 41;
/** A sample of an operation is so many calls: about ten milliseconds each. */
const BATCHES = { encrypt: 4, add: 600, decrypt: 80 } as const;

/** What an issue allows: times of the adapter over SEAL's own. */
const ADAPTER_BOUND = 1.1;

/** Measures this room: two to three minutes. */
export async function he(): Promise<Report> {
  const book = openBook();
  const seal = await openSeal();
  for (const name of ['exact-4096', 'exact-committee-8192'] as const) {
    progress(`he: the adapter at ${name}`);
    await adapter(book, seal, parameterSet(name));
  }
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
