/**
 * Two sums that others can check. First six hospitals' masked updates: nobody sees one, each is proven to be in
 * bounds, and a stranger checks the published bundle on the command line. Then two sensors of an edge server,
 * which sees their updates and proves the sum of them to a contract.
 *
 *     node --conditions=@veilsum/source examples/05-proved-round/main.ts
 *
 * Bundle and trust are left in `demo-output/proved-round`, or in the folder that is the first argument.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { aggregateStatement } from 'veilsum/zk';
import { openRegistry } from './chain.ts';
import { claimOfSigned, provedSum, SENSORS, VALUES } from './edge.ts';
import { LENGTH, provedRound } from './masked.ts';

const folder = resolve(process.argv[2] ?? 'demo-output/proved-round');
await mkdir(folder, { recursive: true });

// 1. Masked, and proven to be in bounds.
const hospitals = ['Akron', 'Basel', 'Cork', 'Dover', 'Essen', 'Fargo'];
const updates = new Map(
  hospitals.map((name, i) => [name, Array.from({ length: LENGTH }, (_, j) => Math.sin(i + j) / 8)]),
);
const { bundle, trust, contributors, refused } = await provedRound(updates, 'Essen');
console.log(`masked round: the sum is of ${contributors.join(', ')}`);
console.log(`refused: ${refused.join(', ')}\n`);

// The stranger has the bundle from the coordinator, and the trust from somewhere else. That the key's setup
// was a development one it has to say itself; with a real key this line is not there.
const bundleFile = join(folder, 'round.bundle');
const trustFile = join(folder, 'trust.json');
await writeFile(bundleFile, bundle);
await writeFile(trustFile, JSON.stringify({ ...trust, insecureKeyForTestingOnly: true }, null, 2));
const command = resolve(import.meta.dirname, '../../src/command-line.ts'); // once installed: npx veilsum
const stranger = spawnSync(
  process.execPath,
  [command, 'verify', bundleFile, '--trust', trustFile],
  {
    encoding: 'utf8',
  },
);
console.log(
  `a stranger runs: veilsum verify round.bundle --trust trust.json\n\n${stranger.stdout}`,
);
if (stranger.status !== 0) throw new Error(`the bundle does not hold: ${stranger.stderr}`);

// 2. In the clear to an edge server, and proven to a contract.
const ROUND = 'edge 7, round 1, chain 31337';
const BOUND = 40_000 ** 2;
const measured = Array.from({ length: SENSORS }, (_, i) =>
  Array.from({ length: VALUES }, (_, j) => Math.round(4_000 * Math.cos(i + j))),
);
const edge = await provedSum(ROUND, BOUND, measured);
const registry = await openRegistry(edge.verifyingKey);
try {
  const statement = aggregateStatement(edge.claim);
  const gas = await registry.prove(edge.proof, statement);
  console.log(`the contract took the edge's proof, for ${gas} gas`);

  const published = edge.claim.sum;
  const lie = [(published[0] as number) + 1, ...Array.from(published).slice(1)];
  for (const [what, sum] of [
    ['the published sum', published],
    ['a sum that is off by one', lie],
  ] as const) {
    const claim = await claimOfSigned(ROUND, BOUND, edge, sum);
    if (claim === undefined) throw new Error('a signature does not hold');
    const isProved = await registry.isProved(aggregateStatement(claim));
    console.log(
      `a reader, from the sensors' signatures and ${what}: ${isProved ? 'proved' : 'NOT proved'}`,
    );
  }
  const other = aggregateStatement({ ...edge.claim, sum: lie });
  console.log(`the same proof for the other sum: ${await registry.prove(edge.proof, other)}`);
  console.log(`the same proof again: ${await registry.prove(edge.proof, statement)}`);
} finally {
  await registry.stop();
}
