/**
 * Eight devices vote, each a process of its own with a folder of its own. One is lost, one is killed and
 * comes back, one comes back from a backup and wants to vote otherwise, one leaves at the end, and the
 * coordinator itself crashes in the middle. The sum is that of seven, exactly.
 *
 *     node --conditions=@veilsum/source examples/02-dropouts-and-crashes/main.ts
 *
 * The folder is the first argument; without it, one that is deleted at the end.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  clientId,
  inMemorySigner,
  noNoise,
  plan,
  planBytes,
  signerFromPrivateKey,
  signRoster,
} from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import { replaceFile } from './durable.ts';
import { FIELDS } from './errand.ts';
import { type Fleet, openFleet } from './fleet.ts';

const given = process.argv[2];
const folder = given === undefined ? await mkdtemp(join(tmpdir(), 'round-')) : resolve(given);

// Enrolment: each device makes a key and keeps it; somebody whom all trust signs who is who.
const names = ['ana', 'ben', 'cem', 'dee', 'eli', 'fay', 'gus', 'hal'];
const people = [];
for (const name of names) {
  await mkdir(join(folder, name), { recursive: true });
  const key = randomBytes(32);
  await replaceFile(join(folder, name, 'key'), key);
  people.push({ id: clientId(name), publicKey: signerFromPrivateKey(key).publicKey });
}
const voucher = inMemorySigner();
const vote = plan({
  id: 'vote/1',
  fields: FIELDS,
  roster: await signRoster(people, voucher),
  trust: { corrupt: 0.125, absent: 0.375 }, // one of them may be a spy, three may vanish
  noise: noNoise(),
});
const votes = new Map(names.map((name, i) => [name, [i, 9 - i, 1]] as const));
const fleet: Fleet = openFleet(folder, votes, {
  plan: planBytes(vote),
  voucher: voucher.publicKey,
  context: vote.hash,
});

/** Closes the phase when every device that is still running has answered; in real life, at a deadline. */
async function phase<P extends coordinator.Phase>(
  at: coordinator.Opened<P, typeof FIELDS>,
): Promise<coordinator.CloseOf<P, typeof FIELDS>> {
  for (const message of await fleet.exchange(at.downlinks)) coordinator.accept(at.next, message);
  return coordinator.close(at.next);
}

try {
  for (const name of names) fleet.start(name, name === 'cem' ? { dieIn: 'share' } : {});
  const begun = { next: coordinator.begin(vote, { context: vote.hash }), downlinks: new Map() };
  const sharing = await phase(begun);

  console.log('share    cem is killed before its answer leaves, and comes back: it sends it now');
  fleet.bringBack('cem');
  const masking = await phase(sharing);

  console.log('mask     ben is lost and never heard of again');
  fleet.kill('ben');
  await copyFile(join(folder, 'eli', 'state'), join(folder, 'eli', 'backup'));
  const confirming = await phase(masking);

  // What `close` gave is lost with the process. The saved state gives the same again.
  const kept = join(folder, 'coordinator');
  await replaceFile(kept, coordinator.save(confirming.next));
  const next = coordinator.restore(vote, new Uint8Array(await readFile(kept)));
  if (next.phase !== 'confirm') throw new Error(`the coordinator came back in ${next.phase}`);
  const resumed = { next, downlinks: coordinator.downlinks(next) };
  console.log('confirm  the coordinator crashes and comes back: it goes on from what it had saved');

  fleet.kill('eli');
  await copyFile(join(folder, 'eli', 'backup'), join(folder, 'eli', 'state'));
  const refusal = await fleet.tryAgain('eli', [9, 9, 9], masking.downlinks.get(clientId('eli')));
  console.log(`         eli comes back from a backup, with other votes: ${refusal}`);
  const unmasking = await phase(resumed);

  console.log('unmask   gus has gone home; its votes are in the sum already');
  fleet.kill('gus');
  const { next: result } = await phase(unmasking);

  console.log(`sum      ${result.sum.votes} of ${result.contributors.join(' ')}`);
  const expected = [0, 1, 2].map((k) =>
    result.contributors.reduce((sum, id) => sum + (votes.get(id)?.[k] as number), 0),
  );
  if (`${result.sum.votes}` !== `${expected}`) throw new Error(`the sum should be ${expected}`);
} finally {
  await fleet.close();
  if (given === undefined) await rm(folder, { recursive: true });
}
