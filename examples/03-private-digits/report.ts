/** What the private demo prints. */
import type { Result } from 'veilsum';
import type { Refusal } from 'veilsum/dp';
import { grouped, percent } from '../digits/terminal.ts';
import type { UpdateFields } from './learning.ts';
import type { PrivatePlan } from './private-plan.ts';
import { PARAMETERS } from './softmax.ts';

/** What a plan of the run comes to. */
export function planReport({ privacy, noise, parameters, floor, shapes }: PrivatePlan): string {
  const { clients, corruptCount } = parameters;
  const { epsilon, delta, rounds } = noise;
  const bits = shapes[0]?.modulusBits;
  return `
${clients} simulated clients, all in this process, learn ${grouped(PARAMETERS)} parameters in ${rounds} rounds. The whole run may cost each
of them ε = ${epsilon} at δ = ${delta.toExponential()}: it looks nearly the same with all that a client contributes as with zeros in
its place.
It follows that the noise of every round has ${Number(privacy.multiplier).toFixed(2)} times the length of an update as its deviation, in
every coordinate of the sum; that each client adds a share of it such that ${privacy.honestSurvivorsMin} shares alone are enough, since
a sum needs ${floor} contributors and ${corruptCount} of them may tell the coordinator theirs; and that a coordinate takes
${bits} bits. Between any two contributions of a client, ε is ${privacy.replaceOneEpsilon.toFixed(2)}.`;
}

/** How far the run has come; accuracies in [0, 1]. */
export type Standing = {
  readonly noisy: number;
  /** Of the model that learns from exact sums. */
  readonly clear: number;
  /** ε by the coordinator's odometer. */
  readonly spent: number;
  readonly seconds: number;
};

/** What a round came to. */
export function roundReport(
  round: number,
  { contributors, dropped, privacy }: Result<UpdateFields>,
  { noisy, clear, spent, seconds }: Standing,
): string {
  const lost = (['share', 'mask', 'confirm', 'unmask'] as const).map(
    (phase) => `${dropped.filter((one) => one.phase === phase).length} before ${phase}`,
  );
  return `
Round ${round} (${seconds.toFixed(0)} s): accuracy ${percent(noisy)} (without noise ${percent(clear)}); ε spent ${spent.toFixed(3)}.
${contributors.length} clients are in the sum; vanished: ${lost.join(', ')}.
Noise in each coordinate of the sum: ${privacy?.deviations.update?.toFixed(2)} (an update has length 1 at most).`;
}

/** What came of asking for one round more. */
export function refusalReport(refusal: Refusal, paid: number, clients: number): string {
  const rest =
    paid === 0
      ? ''
      : `\nThe other ${paid} vanished from a round before they had put anything in, and have it left.`;
  return `
One round more? The coordinator's ledger, closed and opened again: ${refusal.code}.
  ${refusal.message}
${clients - paid} of the ${clients} clients' own ledgers refuse as well.${rest}`;
}

/** What the run came to, and what its privacy rests on. */
export function endReport(
  { assumptions }: Result<UpdateFields>,
  { noisy, clear, spent, seconds, tested }: Standing & { readonly tested: number },
): string {
  return `
What the privacy of these sums rests on:
${assumptions.map(({ text }) => `  - ${text}`).join('\n')}

On ${grouped(tested)} digits that nobody trained on: ${percent(noisy)} with client-level ε = ${spent.toFixed(3)} for the whole run,
${percent(clear)} without noise, and 10 % by guessing. It took ${seconds.toFixed(0)} s.
Accuracy for other ε: examples/03-private-digits/accuracy.svg`;
}
