/**
 * The production path to keys: a public ceremony's powers of tau, checked by hash, then a second phase
 * for one circuit, to which several parties contribute one after the other and which a public beacon
 * ends. As long as one of them forgets its secret, nobody knows what would forge proofs.
 *
 * snarkjs does the work and is handed in. Each step takes and gives the bytes of a `.zkey`: carry them
 * from party to party as you like. Everybody can check the outcome with {@link verifyProvingKey}.
 */
import { ProtocolError, UsageError } from '../../errors.ts';
import { assertBytes, assertInteger } from '../../internal/assert.ts';
import { toHex } from '../../internal/bytes.ts';
import { randomBytes } from '../../internal/random.ts';
import { sha256 as hashOf } from '../../internal/sha256.ts';
import { isInsecureProvingKey } from './zkey.ts';

/** A file for snarkjs: its bytes, or memory that it writes to. */
type SnarkFile = Uint8Array | { readonly type: 'mem'; readonly data?: Uint8Array };

/** The part of snarkjs that is called; its namespace fits. */
export type CeremonyTools = {
  readonly zKey: {
    readonly newZKey: (r1cs: SnarkFile, powers: SnarkFile, out: SnarkFile) => Promise<unknown>;
    readonly contribute: (
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      entropy: string,
    ) => Promise<unknown>;
    readonly beacon: (
      from: SnarkFile,
      to: SnarkFile,
      name: string,
      beacon: string,
      iterations: number,
    ) => Promise<unknown>;
    readonly verifyFromR1cs: (
      r1cs: SnarkFile,
      powers: SnarkFile,
      zkey: SnarkFile,
    ) => Promise<boolean>;
  };
};

/** Powers of tau whose hash is as expected. */
export type PowersOfTau = {
  /** The file, prepared for the second phase. */
  readonly bytes: Uint8Array;
  readonly sha256: string;
};

/**
 * Checks the SHA-256 of a file of powers of tau.
 *
 * @param file - the bytes of the file: 300 MB for 2^18 rows; not copied, so leave them alone
 * @param sha256 - 64 lower-case hexadecimal digits, from a source that you trust
 * @throws ProtocolError `bad-key` if the hash is another
 * @throws UsageError `out-of-range` if `sha256` is no hash, `wrong-type`
 *
 * **Security**: the powers are trusted as far as one of that ceremony's contributors is. The file is
 * taken as bytes and not by its path, so that what is used is what was checked.
 */
export function checkedPowersOfTau(file: Uint8Array, sha256: string): PowersOfTau {
  assertBytes('powers of tau', file);
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new UsageError('out-of-range', 'sha256: expected 64 lower-case hexadecimal digits');
  }
  const got = toHex(hashOf(file));
  if (got !== sha256) {
    throw new ProtocolError('bad-key', `powers of tau: got SHA-256 ${got}, expected ${sha256}`);
  }
  return Object.freeze({ bytes: file, sha256 });
}

/**
 * Starts the second phase for a circuit.
 *
 * @param tools - snarkjs
 * @param r1cs - the circuit's file, which everybody should compile and compare
 * @param powers - with room for the circuit
 * @returns a proving key to which nobody has contributed: it proves nothing to anyone
 * @throws ProtocolError `bad-key` if the powers do not suffice
 */
export async function startProvingKey(
  tools: CeremonyTools,
  r1cs: Uint8Array,
  powers: PowersOfTau,
): Promise<Uint8Array> {
  assertBytes('r1cs', r1cs);
  return written(async (out) => {
    const hash = await tools.zKey.newZKey(r1cs, powers.bytes, out);
    // snarkjs tells of powers that do not suffice by a number.
    if (!(hash instanceof Uint8Array)) {
      throw new ProtocolError('bad-key', 'powers of tau: got too few, expected twice the rows');
    }
  });
}

/**
 * One party's contribution: multiplies δ by a secret that is then forgotten.
 *
 * @param tools - snarkjs
 * @param zkey - from the party before
 * @param name - public; up to 64 bytes of UTF-8 that the file will show
 * @returns the key to hand on
 *
 * **Security**: the secret comes from the CSPRNG and lives in the memory of this process, which snarkjs
 * does not wipe: end the process, on a machine that you control. Check the key that you got, with
 * {@link verifyProvingKey}, before you put your name to it.
 */
export async function contributeToProvingKey(
  tools: CeremonyTools,
  zkey: Uint8Array,
  name: string,
): Promise<Uint8Array> {
  assertBytes('zkey', zkey);
  return written((out) => tools.zKey.contribute(zkey, out, name, toHex(randomBytes(64))));
}

/**
 * Ends the second phase by a public random value, so that the last contributor cannot choose the key.
 *
 * @param tools - snarkjs
 * @param zkey - from the last party
 * @param beacon - 32 to 255 bytes that nobody could know when the last party contributed, announced before
 * @param power - the value is hashed 2^power times: 10 to 63
 * @returns the key to use
 * @throws UsageError `out-of-range`, `wrong-type`
 */
export async function finishProvingKey(
  tools: CeremonyTools,
  zkey: Uint8Array,
  beacon: Uint8Array,
  power: number,
): Promise<Uint8Array> {
  assertBytes('zkey', zkey);
  assertBytes('beacon', beacon);
  assertInteger('beacon: its bytes', beacon.length, 32, 255);
  assertInteger('power', power, 10, 63);
  return written((out) => tools.zKey.beacon(zkey, out, 'beacon', toHex(beacon), power));
}

/** What {@link verifyProvingKey} found. */
export type ProvingKeyVerdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly reason: 'no-contribution' | 'other-key' };

/**
 * Whether a proving key is of a circuit and of powers of tau, with a chain of contributions that holds.
 *
 * @param tools - snarkjs
 * @param r1cs - compiled by yourself
 * @param powers - checked by yourself
 * @param zkey - from anyone
 * @returns a verdict: also for bytes that are no key
 *
 * **Security**: it does not show that any contributor forgot its secret, nor who they were: ask them.
 * **Cost**: about as much as to make the key anew.
 */
export async function verifyProvingKey(
  tools: CeremonyTools,
  r1cs: Uint8Array,
  powers: PowersOfTau,
  zkey: Uint8Array,
): Promise<ProvingKeyVerdict> {
  assertBytes('r1cs', r1cs);
  assertBytes('zkey', zkey);
  try {
    if (isInsecureProvingKey(zkey)) return { valid: false, reason: 'no-contribution' };
    const valid = await tools.zKey.verifyFromR1cs(r1cs, powers.bytes, zkey);
    return valid === true ? { valid } : { valid: false, reason: 'other-key' };
  } catch {
    // What snarkjs cannot read is not the key.
    return { valid: false, reason: 'other-key' };
  }
}

/** What snarkjs writes to memory. */
async function written(work: (out: SnarkFile) => Promise<unknown>): Promise<Uint8Array> {
  const out: { readonly type: 'mem'; readonly data?: Uint8Array } = { type: 'mem' };
  await work(out);
  if (out.data === undefined) throw new ProtocolError('bad-key', 'setup: snarkjs wrote no key');
  // Without the room that snarkjs left behind the end.
  return out.data.slice();
}
