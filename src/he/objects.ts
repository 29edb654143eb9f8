/** Makes SEAL's objects: empty ones to be written into, keys, and the tools of a context. */
import type { Context } from './context.ts';
import {
  adopt,
  type Handle,
  insideOf,
  rawOf,
  type Seal,
  scoped,
  sealBehind,
  sealOfAll,
} from './handles.ts';
import type { RawObject, SealModule } from './module.ts';

/** Encodes reals for `ckks`: `slots` of them a plaintext. */
export type Encoder = Handle<'encoder'> & { readonly slots: number };

/** A fresh key pair. Each of the two is disposed of by itself. */
export type Keys = {
  readonly secretKey: Handle<'secret-key'>;
  readonly publicKey: Handle<'public-key'>;
};

const NOTHING = Object.freeze({});

const made = <Raw extends RawObject>(
  seal: Seal,
  what: string,
  call: (module: SealModule) => Raw,
): Raw => {
  const { module, guard } = insideOf(seal);
  return guard.run(what, () => call(module));
};

/** An empty plaintext, to be written into. */
export const plaintextOf = (seal: Seal): Handle<'plaintext'> =>
  adopt(
    seal,
    'plaintext',
    made(seal, 'plaintext', (m) => new m.Plaintext()),
    NOTHING,
  );

/** An empty ciphertext, to be written into. */
export const ciphertextOf = (seal: Seal): Handle<'ciphertext'> =>
  adopt(
    seal,
    'ciphertext',
    made(seal, 'ciphertext', (m) => new m.Ciphertext()),
    NOTHING,
  );

/** An empty public key, to be loaded. */
export const publicKeyOf = (seal: Seal): Handle<'public-key'> =>
  adopt(
    seal,
    'public-key',
    made(seal, 'public-key', (m) => new m.PublicKey()),
    NOTHING,
  );

/** An empty secret key, to be loaded. */
export const secretKeyOf = (seal: Seal): Handle<'secret-key'> =>
  adopt(
    seal,
    'secret-key',
    made(seal, 'secret-key', (m) => new m.SecretKey()),
    NOTHING,
  );

/**
 * Generates a key pair from the platform's CSPRNG.
 *
 * **Security**: whoever holds the secret key opens every ciphertext under the public one.
 */
export function generateKeys(context: Context): Keys {
  const seal = sealBehind(context);
  const raw = rawOf(context, 'context');
  const pair = scoped(seal, 'generateKeys', (module, own) => {
    const generator = own(new module.KeyGenerator(raw));
    const secret = generator.secretKey();
    try {
      return { secret, open: generator.createPublicKey() };
    } catch (error) {
      secret.delete();
      throw error;
    }
  });
  return Object.freeze({
    secretKey: adopt(seal, 'secret-key', pair.secret, NOTHING),
    publicKey: adopt(seal, 'public-key', pair.open, NOTHING),
  });
}

/** An encoder of reals, for a `ckks` context. @throws UsageError `out-of-range` for another one */
export function encoderOf(context: Context): Encoder {
  const seal = sealBehind(context);
  const raw = rawOf(context, 'context');
  const encoder = made(seal, 'encoder', (m) => new m.CKKSEncoder(raw));
  return adopt(seal, 'encoder', encoder, { slots: context.data.degree / 2 });
}

/** Encrypts under a public key; with the secret key too, symmetrically. */
export function encryptorOf(
  context: Context,
  publicKey: Handle<'public-key'>,
  secretKey?: Handle<'secret-key'>,
): Handle<'encryptor'> {
  const seal = sealOfAll(context, publicKey, secretKey ?? context);
  const raw = rawOf(context, 'context');
  const open = rawOf(publicKey, 'public-key');
  const secret = secretKey === undefined ? [] : [rawOf(secretKey, 'secret-key')];
  const encryptor = made(seal, 'encryptor', (m) => new m.Encryptor(raw, open, ...secret));
  return adopt(seal, 'encryptor', encryptor, NOTHING);
}

/** Decrypts under a secret key. */
export function decryptorOf(
  context: Context,
  secretKey: Handle<'secret-key'>,
): Handle<'decryptor'> {
  const seal = sealOfAll(context, secretKey);
  const raw = rawOf(context, 'context');
  const secret = rawOf(secretKey, 'secret-key');
  const decryptor = made(seal, 'decryptor', (m) => new m.Decryptor(raw, secret));
  return adopt(seal, 'decryptor', decryptor, NOTHING);
}

/** Computes on ciphertexts of a context. */
export function evaluatorOf(context: Context): Handle<'evaluator'> {
  const seal = sealBehind(context);
  const raw = rawOf(context, 'context');
  const evaluator = made(seal, 'evaluator', (m) => new m.Evaluator(raw));
  return adopt(seal, 'evaluator', evaluator, NOTHING);
}
