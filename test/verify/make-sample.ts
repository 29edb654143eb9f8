/**
 * Makes the sample bundle of one version anew: `node --conditions=@veilsum/source test/verify/make-sample.ts 2`.
 * Only a new version of the format is a reason to: old samples stay beside it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { integer, noNoise } from 'veilsum';
import { trustIn } from 'veilsum/verify';
import { provenUpdates } from 'veilsum/zk';
import { committedPlanFor, party, play } from '../support/round.ts';
import { endSnarkjs } from '../zk/snarkjs.ts';
import { makeKeys } from '../zk/update/support.ts';
import { KINDS, kindsInputs, proven } from './support.ts';

const folder = join(import.meta.dirname, '../vectors/bundle');
const vanish = (id: string) => (id === 'client-2' ? 'mask' : undefined);

/** Without proofs of bounds. */
async function first() {
  return proven(await party(5), KINDS, { inputs: kindsInputs, vanish });
}

/** With proofs, under a key of an insecure setup that is nowhere else. */
async function second() {
  const { key, prove } = await makeKeys(16);
  const people = await party(5);
  const plan = committedPlanFor(people, {
    fields: { votes: integer({ length: 20, min: -2, max: 9 }) },
    trust: { corrupt: 0.2, absent: 0.25 },
    noise: noNoise(),
    commitments: provenUpdates({ key }),
  });
  const votes = Array.from({ length: 20 }, (_, i) => (i % 12) - 2);
  const { result } = await play(people, plan, { inputs: () => ({ votes }), prover: prove, vanish });
  const trust = { ...trustIn(plan as never), insecureKeyForTestingOnly: true };
  await endSnarkjs();
  return { bundle: result.bundle as Uint8Array, trust };
}

const version = process.argv[2] === '1' ? 1 : 2;
const made = await (version === 1 ? first() : second());
writeFileSync(join(folder, `v${version}.bundle`), made.bundle);
writeFileSync(join(folder, `v${version}.trust.json`), `${JSON.stringify(made.trust, null, 2)}\n`);
