/**
 * The two ways in which a pair of clients comes to a secret: X25519 alone, or X25519 and ML-KEM-768
 * together. Callers handle both through one record and never ask which it is.
 */
import { UsageError } from '../errors.ts';
import { assertBytes } from '../internal/assert.ts';
import { concat, utf8, wipe } from '../internal/bytes.ts';
import { deriveKey } from '../prg/hkdf.ts';
import {
  decapsulate,
  encapsulate,
  isValidMlKemKey,
  ML_KEM_CIPHERTEXT_LENGTH,
  ML_KEM_PUBLIC_KEY_LENGTH,
  ML_KEM_SEED_LENGTH,
  type MlKemKeyPair,
  mlKemKeyPair,
  wipeMlKemKeyPair,
} from './ml-kem.ts';
import {
  isCanonicalX25519,
  isLowOrder,
  wipeX25519KeyPair,
  X25519_LENGTH,
  type X25519KeyPair,
  x25519KeyPair,
  x25519SharedSecret,
} from './x25519.ts';
import { x25519Backend } from './x25519-backends.ts';

/** The names of the suites, as they stand in plans and key derivations. */
export type SuiteName = 'x25519' | 'x25519-mlkem768';

/** A key pair of a suite; the private part is not reachable through the object. */
export type AgreementKeyPair = {
  readonly suite: SuiteName;
  /** X25519 public key, then (hybrid) the ML-KEM encapsulation key. */
  readonly publicKey: Uint8Array;
};

/** What encapsulating to somebody gives; both empty where the suite has no KEM. */
export type KemResult = {
  /** For the owner of the key; public. */
  readonly ciphertext: Uint8Array;
  /** For {@link Suite.sharedSecret}; secret. */
  readonly kemSecret: Uint8Array;
};

/** A key agreement: what can be done with its keys, and how long its parts are. */
export type Suite = {
  readonly name: SuiteName;
  /** Bytes: 32, or 1,216 in the hybrid suite. */
  readonly publicKeyLength: number;
  /** Bytes: 0, or 1,088 in the hybrid suite. */
  readonly ciphertextLength: number;
  /**
   * The key pair that grows from a seed, on every platform the same.
   *
   * @param seed - 32 uniform bytes; not kept
   * @throws UsageError `wrong-type`, `wrong-length`
   */
  readonly keyPair: (seed: Uint8Array) => AgreementKeyPair;
  /** Whether bytes are a key that may be used: length, canonical, large order, ML-KEM's own check. */
  readonly checkPublicKey: (publicKey: Uint8Array) => boolean;
  /**
   * Reads a public key that {@link Suite.checkPublicKey} found good into the platform's form, which is kept
   * for the agreement that is to come: it costs about as much as the agreement itself.
   */
  readonly readAhead: (publicKey: Uint8Array) => void;
  /**
   * Encapsulates to a public key of this suite.
   *
   * @param coins - 32 uniform secret bytes for this recipient alone; left out: fresh ones
   * @throws UsageError `wrong-type`, `wrong-length`
   * @throws ProtocolError `bad-key`
   */
  readonly encapsulate: (theirPublicKey: Uint8Array, coins?: Uint8Array) => KemResult;
  /**
   * The KEM secret in a ciphertext; a changed ciphertext gives another secret, not an error.
   *
   * @throws UsageError `wrong-type`, `wrong-length`, `disposed`
   */
  readonly decapsulate: (pair: AgreementKeyPair, ciphertext: Uint8Array) => Uint8Array;
  /**
   * `kemSecret ‖ X25519`, 32 or 64 bytes. Not a key yet: derive one, bound to both public keys, the
   * ciphertext and the purpose; only that binding makes the hybrid as strong as its stronger half.
   *
   * @throws UsageError `wrong-type`, `wrong-length`, `disposed`
   * @throws ProtocolError `bad-key`
   */
  readonly sharedSecret: (
    pair: AgreementKeyPair,
    theirPublicKey: Uint8Array,
    kemSecret: Uint8Array,
  ) => Uint8Array;
  /** Forgets the private parts; any later use throws `disposed`. Best effort. */
  readonly wipe: (pair: AgreementKeyPair) => void;
};

/** Bytes of a seed. */
export const SUITE_SEED_LENGTH = 32;

const EMPTY = new Uint8Array(0);

type Halves = { readonly x25519: X25519KeyPair; readonly mlKem: MlKemKeyPair | undefined };
const halves = new WeakMap<AgreementKeyPair, Halves>();

function halvesOf(pair: AgreementKeyPair, name: SuiteName): Halves {
  const found = halves.get(pair);
  if (found === undefined) {
    throw new UsageError(
      'disposed',
      `${name} key pair: got one that was wiped, expected a live one`,
    );
  }
  if (pair.suite !== name) {
    throw new UsageError(
      'wrong-type',
      `key pair: got one of suite ${pair.suite}, expected ${name}`,
    );
  }
  return found;
}

/** A part of a seed under its own label, handed to `use` and overwritten. */
function withPart<Result>(
  seed: Uint8Array,
  name: SuiteName,
  part: string,
  length: number,
  use: (secret: Uint8Array) => Result,
): Result {
  const secret = deriveKey(seed, [utf8('agreement key'), utf8(name), utf8(part)], length);
  try {
    return use(secret);
  } finally {
    wipe(secret);
  }
}

function keyPairOf(seed: Uint8Array, name: SuiteName, hybrid: boolean): AgreementKeyPair {
  assertBytes('key agreement seed', seed, SUITE_SEED_LENGTH);
  const x25519 = withPart(seed, name, 'x25519', X25519_LENGTH, (secret) => x25519KeyPair(secret));
  const mlKem = hybrid
    ? withPart(seed, name, 'ml-kem-768', ML_KEM_SEED_LENGTH, (secret) => mlKemKeyPair(secret))
    : undefined;
  const pair: AgreementKeyPair = Object.freeze({
    suite: name,
    publicKey: concat(x25519.publicKey, mlKem?.publicKey ?? EMPTY),
  });
  halves.set(pair, { x25519, mlKem });
  return pair;
}

const isGoodX25519 = (publicKey: Uint8Array): boolean =>
  isCanonicalX25519(publicKey) && !isLowOrder(publicKey);

function wipePair(pair: AgreementKeyPair): void {
  const found = halves.get(pair);
  if (found === undefined) return;
  wipeX25519KeyPair(found.x25519);
  if (found.mlKem !== undefined) wipeMlKemKeyPair(found.mlKem);
  halves.delete(pair);
}

const classic: Suite = Object.freeze({
  name: 'x25519',
  publicKeyLength: X25519_LENGTH,
  ciphertextLength: 0,
  keyPair: (seed) => keyPairOf(seed, 'x25519', false),
  checkPublicKey: isGoodX25519,
  readAhead: x25519Backend.readAhead,
  encapsulate: (theirPublicKey) => {
    assertBytes('x25519 public key', theirPublicKey, X25519_LENGTH);
    return { ciphertext: EMPTY, kemSecret: EMPTY };
  },
  decapsulate: (pair, ciphertext) => {
    halvesOf(pair, 'x25519');
    assertBytes('x25519 ciphertext', ciphertext, 0);
    return EMPTY;
  },
  sharedSecret: (pair, theirPublicKey, kemSecret) => {
    assertBytes('x25519 KEM secret', kemSecret, 0);
    return x25519SharedSecret(halvesOf(pair, 'x25519').x25519, theirPublicKey);
  },
  wipe: wipePair,
} satisfies Suite);

const HYBRID = 'x25519-mlkem768';
const HYBRID_LENGTH = X25519_LENGTH + ML_KEM_PUBLIC_KEY_LENGTH;

const hybrid: Suite = Object.freeze({
  name: HYBRID,
  publicKeyLength: HYBRID_LENGTH,
  ciphertextLength: ML_KEM_CIPHERTEXT_LENGTH,
  keyPair: (seed) => keyPairOf(seed, HYBRID, true),
  readAhead: (publicKey) => x25519Backend.readAhead(publicKey.subarray(0, X25519_LENGTH)),
  checkPublicKey: (publicKey) =>
    publicKey.length === HYBRID_LENGTH &&
    isGoodX25519(publicKey.subarray(0, X25519_LENGTH)) &&
    isValidMlKemKey(publicKey.subarray(X25519_LENGTH)),
  encapsulate: (theirPublicKey, coins) => {
    assertBytes(`${HYBRID} public key`, theirPublicKey, HYBRID_LENGTH);
    const { ciphertext, sharedSecret } = encapsulate(theirPublicKey.subarray(X25519_LENGTH), coins);
    return { ciphertext, kemSecret: sharedSecret };
  },
  decapsulate: (pair, ciphertext) =>
    decapsulate(halvesOf(pair, HYBRID).mlKem as MlKemKeyPair, ciphertext),
  sharedSecret: (pair, theirPublicKey, kemSecret) => {
    assertBytes(`${HYBRID} public key`, theirPublicKey, HYBRID_LENGTH);
    assertBytes(`${HYBRID} KEM secret`, kemSecret, 32);
    const mine = halvesOf(pair, HYBRID).x25519;
    const agreed = x25519SharedSecret(mine, theirPublicKey.subarray(0, X25519_LENGTH));
    try {
      return concat(kemSecret, agreed);
    } finally {
      wipe(agreed);
    }
  },
  wipe: wipePair,
} satisfies Suite);

const suites: Readonly<Record<SuiteName, Suite>> = { x25519: classic, [HYBRID]: hybrid };

/** All suites, the first being the lighter. */
export const SUITE_NAMES: readonly SuiteName[] = Object.freeze(['x25519', HYBRID]);

/**
 * The suite of a name.
 *
 * **Security**: `x25519` falls to a quantum computer, also in hindsight; `x25519-mlkem768` stands
 * while either half stands. **Cost**: hybrid keys are 38 times as long.
 *
 * @throws UsageError `out-of-range` for another name
 */
export function suite(name: SuiteName): Suite {
  if (!SUITE_NAMES.includes(name)) {
    throw new UsageError(
      'out-of-range',
      `suite: got another name, expected one of ${SUITE_NAMES.join(', ')}`,
    );
  }
  return suites[name];
}
