/**
 * What passes through Redis, sealed: pieces on the way to a worker, sums on the way back. Whoever reads
 * Redis learns how long they are; whoever writes to it can delete them, and can pass off none for another.
 *
 * AES-256-GCM, one key for each cut of each round, a random nonce for each value. What a value is and
 * which job it belongs to is authenticated with it.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** All that a job carries. The vectors lie elsewhere in Redis, under keys that follow from it. */
export type JobName = {
  /** Id of the round, hexadecimal. */
  readonly round: string;
  /** Names one dealing-out of a round's work, 16 random bytes, hexadecimal. */
  readonly cut: string;
  /** Number of the job in its cut. */
  readonly job: number;
};

/** The two kinds of value that a job has. */
export type Kind = 'pieces' | 'sum';

/** Where a job's value lies in Redis. */
export const placeOf = (kind: Kind, { round, cut, job }: JobName): string =>
  `veilsum:${round}:${cut}:${job}:${kind}`;

const [NONCE, TAG] = [12, 16];

/** @throws Error if this is not a key of 32 bytes: HKDF would make one of nothing. */
export function assertKey(key: Uint8Array): void {
  if (key.length !== 32) throw new Error(`key: got ${key.length} bytes, expected 32`);
}

/** A key for the few values of one cut: random nonces do not repeat under it. */
const cutKey = (key: Uint8Array, { round, cut }: JobName): Uint8Array =>
  new Uint8Array(
    hkdfSync('sha256', key, Buffer.from(cut, 'hex'), `veilsum example 08/${round}`, 32),
  );

/**
 * Seals a value, and wipes it.
 *
 * @param key 32 bytes that the coordinator and its workers share.
 * @param value any bytes; zeros afterwards.
 */
export function seal(key: Uint8Array, kind: Kind, name: JobName, value: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', cutKey(key, name), nonce);
  cipher.setAAD(Buffer.from(placeOf(kind, name)));
  const sealed = Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
  value.fill(0);
  return sealed;
}

/**
 * Opens what {@link seal} gave for this kind and name.
 *
 * @throws Error if it is anything else.
 */
export function open(key: Uint8Array, kind: Kind, name: JobName, sealed: Uint8Array): Buffer {
  const place = placeOf(kind, name);
  const end = sealed.length - TAG;
  if (end < NONCE) throw new Error(`${place}: got ${sealed.length} bytes, expected a sealed value`);
  const decipher = createDecipheriv('aes-256-gcm', cutKey(key, name), sealed.subarray(0, NONCE));
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(end));
  const value = decipher.update(sealed.subarray(NONCE, end));
  try {
    decipher.final();
    return value;
  } catch {
    value.fill(0);
    throw new Error(`${place}: the value there was not sealed for this place`);
  }
}
