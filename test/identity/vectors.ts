/** Reading of test/vectors, and the back ends that this runtime can run. */
import { readFileSync } from 'node:fs';
import {
  type Ed25519Backend,
  nobleEd25519,
  nodeEd25519,
} from '../../src/identity/ed25519-backends.ts';
import { type MlKemBackend, nobleMlKem, nodeMlKem } from '../../src/identity/ml-kem-backends.ts';
import { type AeadBackend, nobleAead, nodeAead } from '../../src/identity/sealed-box.ts';
import { nobleX25519, nodeX25519, type X25519Backend } from '../../src/identity/x25519-backends.ts';

export const readVectors = <Vectors>(name: string): Vectors =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

const present = <Backend>(...backends: (Backend | undefined)[]): Backend[] =>
  backends.filter((backend) => backend !== undefined);

export const ed25519Backends: Ed25519Backend[] = present(nodeEd25519, nobleEd25519);
export const x25519Backends: X25519Backend[] = present(nodeX25519, nobleX25519);
export const mlKemBackends: MlKemBackend[] = present(nodeMlKem, nobleMlKem);
export const aeadBackends: AeadBackend[] = present(nodeAead, nobleAead);
