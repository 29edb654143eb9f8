import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifySignature } from '../../src/identity/ed25519.ts';
import {
  inMemorySigner,
  type Signer,
  signerFromCryptoKey,
  signerFromPrivateKey,
  signWith,
  webCryptoSigner,
} from '../../src/identity/signer.ts';
import { toHex } from '../../src/internal/bytes.ts';
import { hex, readVectors } from './vectors.ts';

const message = new TextEncoder().encode('message');

afterEach(() => vi.unstubAllGlobals());

describe('signers in memory', () => {
  test('sign, and differ', async () => {
    const [a, b] = [inMemorySigner(), inMemorySigner()];
    expect(a.publicKey).not.toEqual(b.publicKey);
    expect(verifySignature(a.publicKey, message, await a.sign(message))).toBe(true);
    expect(verifySignature(b.publicKey, message, await a.sign(message))).toBe(false);
  });

  test('show no private key', () => {
    const signer = signerFromPrivateKey(new Uint8Array(32).fill(0xab));
    const shown = inspect(signer, { showHidden: true, depth: 9 }) + JSON.stringify(signer);
    expect(shown).not.toMatch(/171,\s*171|":171|abab/);
    expect(Object.keys(signer).sort()).toEqual(['publicKey', 'sign']);
  });

  test('a private key gives its public key and its signatures, and is copied', async () => {
    const { vectors } = readVectors<{
      vectors: { privateKey: string; publicKey: string; message: string; signature: string }[];
    }>('rfc8032');
    for (const vector of vectors) {
      const privateKey = hex(vector.privateKey);
      const signer = signerFromPrivateKey(privateKey);
      privateKey.fill(0);
      expect(toHex(signer.publicKey)).toBe(vector.publicKey);
      expect(toHex(await signer.sign(hex(vector.message)))).toBe(vector.signature);
    }
    expect(() => signerFromPrivateKey(new Uint8Array(64))).toThrow(
      expect.objectContaining({ code: 'wrong-length' }),
    );
  });
});

describe('Web Crypto signers', () => {
  test('sign with a key that cannot be exported', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    await expect(crypto.subtle.exportKey('pkcs8', pair.privateKey)).rejects.toThrow();
    for (const signer of [await signerFromCryptoKey(pair), await webCryptoSigner()]) {
      expect(verifySignature(signer.publicKey, message, await signer.sign(message))).toBe(true);
      const part = message.subarray(2, 4);
      expect(verifySignature(signer.publicKey, part, await signer.sign(part))).toBe(true);
    }
  });

  test('refuse keys of another kind', async () => {
    const pair = (await crypto.subtle.generateKey('Ed25519', false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const ecdsa = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])) as CryptoKeyPair;
    const code = expect.objectContaining({ code: 'wrong-type' });
    await expect(signerFromCryptoKey(ecdsa)).rejects.toThrow(code);
    const { privateKey, publicKey } = pair;
    await expect(
      signerFromCryptoKey({ privateKey: publicKey, publicKey: privateKey }),
    ).rejects.toThrow(code);
    await expect(signerFromCryptoKey({} as CryptoKeyPair)).rejects.toThrow(code);
  });

  test('say so where the platform has none', async () => {
    const code = expect.objectContaining({ name: 'DependencyError', code: 'runtime-unsupported' });
    vi.stubGlobal('crypto', {});
    await expect(webCryptoSigner()).rejects.toThrow(code);
    vi.stubGlobal('crypto', {
      subtle: { generateKey: () => Promise.reject(new DOMException('no', 'NotSupportedError')) },
    });
    await expect(webCryptoSigner()).rejects.toThrow(code);
  });
});

describe('signWith', () => {
  const real = inMemorySigner();

  test('takes promises and values', async () => {
    const slow: Signer = {
      publicKey: real.publicKey,
      sign: async (bytes) => real.sign(bytes),
    };
    expect(await signWith(slow, message)).toEqual(await signWith(real, message));
  });

  test('refuses signers that answer with something else', async () => {
    const answer = (value: unknown): Signer => ({
      publicKey: real.publicKey,
      sign: () => value as Uint8Array,
    });
    await expect(signWith(answer(new Uint8Array(63)), message)).rejects.toThrow(
      expect.objectContaining({ code: 'wrong-length' }),
    );
    await expect(signWith(answer('signature'), message)).rejects.toThrow(
      expect.objectContaining({ code: 'wrong-type' }),
    );
    await expect(
      signWith({ publicKey: new Uint8Array(32), sign: real.sign }, message),
    ).rejects.toThrow(expect.objectContaining({ code: 'out-of-range' }));
  });
});
