/**
 * Makes the sample bundle anew: `node --conditions=@veilsum/source test/verify/make-sample.ts`. Only a
 * new version of the format is a reason to: the old sample then stays beside the new one.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { party } from '../support/round.ts';
import { KINDS, kindsInputs, proven } from './support.ts';

const folder = join(import.meta.dirname, '../vectors/bundle');

const made = await proven(await party(5), KINDS, {
  inputs: kindsInputs,
  vanish: (id) => (id === 'client-2' ? 'mask' : undefined),
});
writeFileSync(join(folder, 'v1.bundle'), made.bundle);
writeFileSync(join(folder, 'v1.trust.json'), `${JSON.stringify(made.trust, null, 2)}\n`);
