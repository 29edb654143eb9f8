/**
 * The committed proving key of the tiny circuit, for tests that want one at hand. Its setup was insecure
 * and says so. `node test/zk/circuits/keys.ts` makes another, and pins it in circuits/artifacts.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { CurveModule } from '../../../src/zk/setup/fixed-base.ts';
import { insecureDevelopmentSetupForTestingOnly } from '../../../src/zk/setup/insecure-setup.ts';
import { snarkjs } from '../snarkjs.ts';
import { artifact, pinnedArtifacts, sha256Of, writePins } from './compile.ts';

const NAME = 'aggregate-2x4';
const KEY = new URL('../../vectors/zk/aggregate-2x4-insecure.zkey', import.meta.url);

/** snarkjs's curve as the setup wants it. */
export const openModule = async (): Promise<CurveModule> =>
  (await snarkjs.curves.getCurveFromName('bn128', {
    singleThread: true,
  })) as unknown as CurveModule;

/** The key's bytes, which are those that are pinned. */
export function insecureTinyKey(): Uint8Array {
  const bytes = new Uint8Array(readFileSync(KEY));
  if (sha256Of(bytes) === pinnedArtifacts().insecureKeys[NAME]?.zkey) return bytes;
  throw new Error(`${KEY.pathname}: other than pinned`);
}

if (process.argv[1] === import.meta.filename) {
  const { provingKey, verifyingKey } = await insecureDevelopmentSetupForTestingOnly(
    artifact(NAME, 'r1cs'),
    await openModule(),
  );
  writeFileSync(KEY, provingKey);
  const pins = { zkey: sha256Of(provingKey), verifyingKey: sha256Of(verifyingKey) };
  writePins({ ...pinnedArtifacts(), insecureKeys: { [NAME]: pins } });
}
