/** Who speaks, and how two of them come to a secret. See README.md beside this file. */
export {
  ED25519_PUBLIC_KEY_LENGTH,
  ED25519_SIGNATURE_LENGTH,
  isValidIdentityKey,
  verifySignature,
} from './ed25519.ts';
export {
  decapsulate,
  type Encapsulated,
  encapsulate,
  isValidMlKemKey,
  ML_KEM_CIPHERTEXT_LENGTH,
  ML_KEM_PUBLIC_KEY_LENGTH,
  ML_KEM_SEED_LENGTH,
  type MlKemKeyPair,
  mlKemKeyPair,
  wipeMlKemKeyPair,
} from './ml-kem.ts';
export {
  CLIENT_ID_MAX_BYTES,
  type ClientId,
  clientId,
  ROSTER_MAX_CLIENTS,
  type Roster,
  type RosterEntry,
  readRoster,
  rosterBytes,
  rosterHash,
  rosterIndex,
  signRoster,
} from './roster.ts';
export { openBox, SEAL_OVERHEAD, sealBox } from './sealed-box.ts';
export {
  inMemorySigner,
  type Signer,
  signerFromCryptoKey,
  signerFromPrivateKey,
  signWith,
  webCryptoSigner,
} from './signer.ts';
export {
  type AgreementKeyPair,
  type KemResult,
  SUITE_NAMES,
  SUITE_SEED_LENGTH,
  type Suite,
  type SuiteName,
  suite,
} from './suite.ts';
export {
  isCanonicalX25519,
  isLowOrder,
  wipeX25519KeyPair,
  X25519_LENGTH,
  type X25519KeyPair,
  x25519KeyPair,
  x25519SharedSecret,
} from './x25519.ts';
