/** The committed proofs of snarkjs, and both back ends. */
import { readFileSync } from 'node:fs';
import type { PairingBackend } from '../../../src/zk/groth16/backend.ts';
import { noblePairing } from '../../../src/zk/groth16/noble-backend.ts';
import {
  keyFromSnarkjs,
  proofFromSnarkjs,
  publicsFromSnarkjs,
} from '../../../src/zk/groth16/snarkjs-json.ts';
import type { Groth16Item } from '../../../src/zk/groth16/verify.ts';
import { wasmPairing } from '../../../src/zk/groth16/wasm-backend.ts';
import type { SnarkKey, SnarkProof } from '../snarkjs.ts';
import { openCurve } from '../support.ts';

const folder = new URL('../../vectors/zk/', import.meta.url);

/** What the generator wrote. */
export const fixture = JSON.parse(readFileSync(new URL('cubic.json', folder), 'utf8')) as {
  readonly key: SnarkKey;
  readonly uncontributedKey: SnarkKey;
  readonly proofs: readonly { readonly publics: readonly string[]; readonly proof: SnarkProof }[];
};

/** A proving key of the generator. */
export const zkey = (name: 'cubic' | 'cubic-uncontributed'): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`${name}.zkey`, folder)));

/** The bytes of the fixture's key. */
export const keyBytes: Uint8Array = keyFromSnarkjs(JSON.stringify(fixture.key), 'ceremony');

/** The fixture's proofs as ours. */
export const items: readonly Groth16Item[] = fixture.proofs.map(({ publics, proof }) => ({
  publics: publicsFromSnarkjs(JSON.stringify(publics)),
  proof: proofFromSnarkjs(JSON.stringify(proof)),
}));

/** The first proof whose last public input is zero. */
export const item: Groth16Item = items.find(({ publics }) => publics.at(-1) === 0n) as Groth16Item;

/** Both ways to compute. */
export const backends: readonly PairingBackend[] = [
  noblePairing,
  await wasmPairing(await openCurve()),
];

/** A copy with some bytes replaced. */
export function patched(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const out = bytes.slice();
  out.set(part, at);
  return out;
}

/** A copy with one byte changed. */
export function flipped(bytes: Uint8Array, at: number, mask = 1): Uint8Array {
  const out = bytes.slice();
  out[at] = (out[at] as number) ^ mask;
  return out;
}
