/**
 * Runs in the fresh project, under whichever Node starts it: imports every sub-path that it is given
 * and reports what each exports, which of the refused paths were let through, and what work gave.
 */
const [subPaths, refused] = process.argv.slice(2).map((argument) => argument.split(','));
const globalsBefore = Object.getOwnPropertyNames(globalThis).length;

const names = {};
for (const subPath of subPaths) names[subPath] = Object.keys(await import(subPath)).sort();

const refusals = {};
for (const path of refused) {
  refusals[path] = await import(path).then(
    () => 'imported',
    (error) => error.code,
  );
}

// A little real work through both back ends' front doors, against RFC 5869, test case 1.
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const { hkdfSha256 } = await import('veilsum/prg');
const okm = hkdfSha256(
  new Uint8Array(22).fill(0x0b),
  Uint8Array.from({ length: 13 }, (_, i) => i),
  Uint8Array.from({ length: 10 }, (_, i) => 0xf0 + i),
  42,
);

// Nothing but veilsum is installed here: what needs the optional peer says so.
const { openSeal } = await import('veilsum/he');
const withoutPeer = await openSeal().catch(({ name, code, message, details }) => ({
  name,
  code,
  message,
  details,
}));

console.log(
  JSON.stringify({
    version: process.version,
    names,
    refusals,
    newGlobals: Object.getOwnPropertyNames(globalThis).length - globalsBefore,
    okm: hex(okm),
    withoutPeer,
  }),
);
