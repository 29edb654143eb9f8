/**
 * Makes test/vectors/zk: `node --conditions=@veilsum/source test/zk/make-fixtures.ts`, about ten
 * seconds. Contributions are random, so every run makes other files.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { r1cs, witness } from './circuit.ts';
import { endSnarkjs, type SnarkFile, snarkjs } from './snarkjs.ts';

/** Rows of the circuit and its public inputs fit into 2^4. */
const POWER = 4;
const PROOFS = 12;

const folder = join(import.meta.dirname, '../vectors/zk');
const memory = (): SnarkFile & { data?: Uint8Array } => ({ type: 'mem' });
const bytesOf = (file: SnarkFile): Uint8Array =>
  file instanceof Uint8Array ? file : (file.data as Uint8Array);
const entropy = (): string => randomBytes(32).toString('hex');

const { powersOfTau, zKey, groth16, curves } = snarkjs;
const circuit = r1cs();
const [started, contributed, tau] = [memory(), memory(), memory()];
await powersOfTau.newAccumulator(await curves.getCurveFromName('bn128'), POWER, started);
await powersOfTau.contribute(started, contributed, 'first', entropy());
await powersOfTau.preparePhase2(contributed, tau);

const [initial, second, final] = [memory(), memory(), memory()];
await zKey.newZKey(circuit, tau, initial);
await zKey.contribute(initial, second, 'second', entropy());
await zKey.beacon(second, final, 'beacon', entropy(), 10);
if (!(await zKey.verifyFromR1cs(circuit, tau, final)))
  throw new Error('the key is not of the circuit');

const proofs: unknown[] = [];
for (let i = 0; i < PROOFS; i++) {
  // The last public input of every second proof is zero.
  const inputs = [BigInt(7 * i), BigInt(`0x${entropy()}`) >> 8n, i % 2 === 0 ? 0n : 5n] as const;
  const { proof, publicSignals } = await groth16.prove(final, witness(BigInt(3 + i), inputs));
  proofs.push({ publics: publicSignals, proof });
}
const content = {
  key: await zKey.exportVerificationKey(final),
  uncontributedKey: await zKey.exportVerificationKey(initial),
  proofs,
};
writeFileSync(join(folder, 'cubic.json'), `${JSON.stringify(content, undefined, 1)}\n`);
writeFileSync(join(folder, 'cubic.zkey'), bytesOf(final));
writeFileSync(join(folder, 'cubic-uncontributed.zkey'), bytesOf(initial));
await endSnarkjs();
