/**
 * A private weighted vote: share holders with as many votes as shares decide on three motions and give the
 * year a mark. Nobody learns anybody's ballot, and everybody can check the count.
 *
 *     node --conditions=@veilsum/source examples/07-weighted-vote/main.ts
 */
import { vote } from './assembly.ts';
import { givenAway } from './given-away.ts';
import { type Ballot, CHOICES, type Choice, MOTIONS, REGISTER } from './register.ts';

const ballots = new Map<string, Ballot>();
for (const [i, name] of [...REGISTER.keys()].entries()) {
  if (name === 'Gupta') continue; // did not get round to it
  const choices = MOTIONS.map((_, m) => CHOICES[(i * (1 + (m % 2)) + m) % 3] as Choice);
  ballots.set(name, { choices, mark: (i * 7) % 11 });
}
const { tallies, mark, voted, verdict } = await vote(REGISTER, ballots);
if (!verdict.valid) throw new Error(`the count does not hold: ${verdict.reasons[0]?.text}`);

const shares = new Map(voted.map((name) => [name as string, REGISTER.get(name) as number]));
const present = [...shares.values()].reduce((sum, held) => sum + held, 0);
console.log(`${voted.length} of ${REGISTER.size} share holders voted, with ${present} shares\n`);
for (const [m, motion] of MOTIONS.entries()) {
  const tally = tallies[m] as readonly number[];
  // Ballots of one weight each: their shares must be those of the voters, for every motion.
  const counted = tally.reduce((sum, votes) => sum + votes, 0);
  const { ways, known } = givenAway(shares, tally);
  const counts = CHOICES.map((choice, c) => `${tally[c]} ${choice}`).join(', ');
  console.log(`${motion}: ${counts}`);
  if (counted !== present) console.log(`  ⚠ ${counted} shares were counted: some ballot was false`);
  console.log(`  comes about in ${ways} ways; gives away: ${known.join(', ') || 'nobody'}`);
}
console.log(`mark of the year: ${mark.toFixed(2)} of 10\n`);
console.log('checked by everybody: the count is the sum of the ballots that were committed to.');
console.log(`not checked: ${verdict.notChecked.map(({ text }) => text).join('\n             ')}`);
