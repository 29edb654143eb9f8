/** One Groth16 verification and batches, against `snarkjs.groth16.verify` in the same run. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { insecureVerifyingKeyForTestingOnly, type VerifyingKey } from '../src/zk/groth16/key.ts';
import { noblePairing } from '../src/zk/groth16/noble-backend.ts';
import {
  keyFromSnarkjs,
  proofFromSnarkjs,
  publicsFromSnarkjs,
} from '../src/zk/groth16/snarkjs-json.ts';
import { type Groth16Item, verifyBatch, verifyGroth16 } from '../src/zk/groth16/verify.ts';
import { wasmPairing } from '../src/zk/groth16/wasm-backend.ts';
import { witness } from '../test/zk/circuit.ts';
import { endSnarkjs, type SnarkProof, snarkjs } from '../test/zk/snarkjs.ts';
import { openCurve } from '../test/zk/support.ts';
import { type Book, interleave, progress, type Side } from './harness.ts';

const PROOFS = 100;
const SAMPLES = 9;
/** Single verifications that make one sample. */
const REPEATS = 5;
const SIZES = [1, 10, 100] as const;
/** Per proof in a batch of 100, against snarkjs. */
const BOUNDS = { noble: 0.8, wasm: 0.15 } as const;

type Made = { readonly publics: readonly string[]; readonly proof: SnarkProof };

/** Adds the rows `zk/groth16/…`: half a minute. */
export async function zkGroth16(book: Book): Promise<void> {
  progress('zk: making proofs');
  const { zkey, keyText } = setup();
  const made: Made[] = [];
  for (let i = 0; i < PROOFS; i++) made.push(await prove(zkey));
  const snarkKey = JSON.parse(keyText);
  const bytes = keyFromSnarkjs(keyText, 'insecure');
  const items = made.map(
    ({ publics, proof }): Groth16Item => ({
      publics: publicsFromSnarkjs(JSON.stringify(publics)),
      proof: proofFromSnarkjs(JSON.stringify(proof)),
    }),
  );
  const keys = {
    noble: insecureVerifyingKeyForTestingOnly(bytes, noblePairing),
    wasm: insecureVerifyingKeyForTestingOnly(bytes, await wasmPairing(await openCurve())),
  };

  progress('zk: verification');
  const theirs: Side = async () => {
    const start = performance.now();
    for (const { publics, proof } of made.slice(0, REPEATS)) {
      assertValid(await snarkjs.groth16.verify(snarkKey, publics, proof));
    }
    return (performance.now() - start) / REPEATS;
  };
  const single = (key: VerifyingKey): Side => {
    return () => {
      const start = performance.now();
      for (const { publics, proof } of items.slice(0, REPEATS)) {
        assertValid(verifyGroth16(key, publics, proof).valid);
      }
      return (performance.now() - start) / REPEATS;
    };
  };
  /** Milliseconds for each proof. */
  const batch = (key: VerifyingKey, size: number): Side => {
    return () => {
      const start = performance.now();
      assertValid(verifyBatch(key, items.slice(0, size)).valid);
      return (performance.now() - start) / size;
    };
  };
  const sides: Record<string, Side> = { snarkjs: theirs };
  for (const name of ['noble', 'wasm'] as const) {
    sides[`verify/${name}`] = single(keys[name]);
    for (const size of SIZES) sides[`batch=${size}/${name}`] = batch(keys[name], size);
  }
  const times = await interleave(SAMPLES, sides, 2);

  const { snarkjs: reference, ...ours } = times;
  if (reference === undefined) throw new Error('no timing of snarkjs');
  const against = ['zk/groth16/snarkjs', reference] as const;
  book.time('zk/groth16/snarkjs', reference);
  for (const [name, timing] of Object.entries(ours)) {
    book.time(`zk/groth16/${name}`, timing, against);
  }
  for (const [name, bound] of Object.entries(BOUNDS)) {
    const timing = ours[`batch=100/${name}`];
    if (timing === undefined) throw new Error(`no timing of ${name}`);
    book.ratio(`zk/groth16/batch=100/${name}/ratio`, timing, against, bound);
  }
  await endSnarkjs();
}

/** The committed proving key with four public inputs, and its verification key. */
function setup(): { readonly zkey: Uint8Array; readonly keyText: string } {
  const folder = new URL('../test/vectors/zk/', import.meta.url);
  const { key } = JSON.parse(readFileSync(new URL('cubic.json', folder), 'utf8'));
  return {
    zkey: new Uint8Array(readFileSync(new URL('cubic.zkey', folder))),
    keyText: JSON.stringify(key),
  };
}

/** A proof of a random statement, all public inputs of full length. */
async function prove(zkey: Uint8Array): Promise<Made> {
  const random = (): bigint => BigInt(`0x${randomBytes(31).toString('hex')}`);
  const { publicSignals, proof } = await snarkjs.groth16.prove(
    zkey,
    witness(random(), [random(), random(), random()]),
  );
  return { publics: publicSignals, proof };
}

function assertValid(valid: boolean): void {
  if (!valid) throw new Error('a proof that should be valid is not');
}
