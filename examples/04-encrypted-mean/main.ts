/**
 * A mean that nobody computes in the clear: twenty hospitals encrypt, and three of five members of a
 * committee open the sum of all, once exactly and once approximately.
 *
 *     npm run demo:encrypted
 *
 * Where to look: encrypted-round.ts has a round from beginning to end, committee.ts the members' steps.
 */
import type { ClientId } from 'veilsum';
import { liveHandles, openSeal } from 'veilsum/he';
import { dealShards, loadDigits } from '../digits/data.ts';
import { enrol } from '../digits/enrolment.ts';
import { progress, say } from '../digits/terminal.ts';
import { meanRound } from './encrypted-round.ts';
import { plainMean, tallyOf } from './hospitals.ts';
import { type Compared, castReport, comparison, gallery } from './report.ts';

const HOSPITALS = 20;
const MEMBERS = 5;

progress('Reading 10,000 digits');
const shards = dealShards(await loadDigits(), HOSPITALS, 4, 7);
const hospitals = await enrol(HOSPITALS, 'hospital');
const committee = await enrol(MEMBERS, 'member');
const ids = [...hospitals.signers.keys()];
const vectors = new Map(shards.map((shard, i) => [ids[i] as ClientId, tallyOf(shard)]));
const absent = {
  afterCommit: ids.slice(7, 8),
  atOpening: [...committee.signers.keys()].slice(1, 3),
};
const pictures = shards.reduce((sum, { labels }) => sum + labels.length, 0);
say(castReport(HOSPITALS, MEMBERS, pictures));
say(`${absent.afterCommit.join()} commits and vanishes; ${absent.atOpening.join(' and ')} are gone when the sum is opened.
`);

const seal = await openSeal();
const rounds: Compared[] = [];
for (const scheme of ['bfv', 'ckks'] as const) {
  progress(`A round with ${scheme}`);
  const start = performance.now();
  const round = await meanRound({ hospitals, committee }, seal, scheme, vectors, absent);
  const seconds = (performance.now() - start) / 1000;
  const { contributors, errorBound } = round.result;
  const inTheClear = plainMean(contributors.map((id) => vectors.get(id) as Float64Array));
  const worst = round.mean.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (inTheClear[i] as number))),
    0,
  );
  if (worst > errorBound / contributors.length) throw new Error(`${scheme}: the bound is broken`);
  rounds.push({ ...round, worst, seconds });
}
if (liveHandles(seal) !== 0) throw new Error('something of SEAL was left behind');

const [exact] = rounds as [Compared, Compared];
say(comparison(rounds));
say(`
The mean pictures of 0, 1, 2 and 3, over ${exact.result.contributors.length} hospitals:
${gallery(exact.mean)}

What the privacy of the sums rests on:
${exact.result.assumptions.map(({ text }) => `  - ${text}`).join('\n')}`);
