/**
 * Makes test/vectors/protocol anew: `node --conditions=@veilsum/source test/protocol/make-vectors.ts`,
 * some seconds. Every run makes the same files. Only a new version of the protocol is a reason to
 * change what is there.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Node's own ML-KEM takes no coins, so it cannot be seeded: this process runs as a browser does.
const { process } = globalThis;
const builtin = process.getBuiltinModule.bind(process);
process.getBuiltinModule = ((name: string) =>
  name === 'node:crypto' ? undefined : builtin(name)) as typeof process.getBuiltinModule;

const { vectorFiles } = await import('./vectors/files.ts');
for (const [name, text] of await vectorFiles()) {
  writeFileSync(join(import.meta.dirname, '../vectors/protocol', name), text);
}
