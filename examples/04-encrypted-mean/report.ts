/** What the encrypted mean prints. */
import { textTable } from '../digits/table.ts';
import { grouped } from '../digits/terminal.ts';
import { type MeanRound, THRESHOLD } from './encrypted-round.ts';
import { LENGTH, meanPicture } from './hospitals.ts';

/** Who takes part in what. */
export const castReport = (hospitals: number, members: number, pictures: number): string => `
${hospitals} hospitals with ${grouped(pictures)} pictures of digits want the mean of their vectors: ${grouped(LENGTH)} numbers each,
per digit how many pictures of it there are and how bright each pixel is over all of them.
Any ${THRESHOLD} of ${members} members open the sum together; fewer see nothing, and the coordinator has no key at all.`;

/** One round as a column of the table. */
export type Compared = MeanRound & {
  /** Greatest difference of a coordinate to the mean in the clear. */
  readonly worst: number;
  readonly seconds: number;
};

/** The rounds beside each other. */
export function comparison(rounds: readonly Compared[]): string {
  const row = (what: string, cell: (round: Compared) => string): readonly string[] => [
    what,
    ...rounds.map(cell),
  ];
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return textTable(
    ['', ...rounds.map(({ plan }) => (plan.sum.set.scheme === 'bfv' ? 'exact' : 'approximate'))],
    [
      row('parameter set', ({ plan }) => plan.sum.set.name),
      row('error of the mean, greatest', ({ worst }) => errorText(worst)),
      row('error of the mean, bound', ({ result }) =>
        errorText(result.errorBound / result.contributors.length),
      ),
      row('hospitals in the sum', ({ result }) => `${result.contributors.length}`),
      row('bytes one hospital sends', ({ bytes }) => grouped(bytes.hospital)),
      row('bytes per value', ({ plan }) => plan.sum.bytesPerValue.toFixed(1)),
      row('bytes an opening member fetches', ({ bytes }) => grouped(bytes.member)),
      row('time of one hospital', (round) => ms(round.ms.hospital)),
      row('time of one member', (round) => ms(round.ms.member)),
      row('time of the coordinator', (round) => ms(round.ms.coordinator)),
      row('all parties, one after the other', ({ seconds }) => `${seconds.toFixed(1)} s`),
    ],
  );
}

const errorText = (error: number): string => (error === 0 ? '0' : error.toExponential(1));

const SHADES = ' .:-=+*#%@';
const SIDE = 28;
const SHOWN = 4;

/** The mean pictures of the first digits beside each other, for a terminal: the middle, every second line. */
export function gallery(mean: Float64Array): string {
  const pictures = Array.from({ length: SHOWN }, (_, digit) => meanPicture(mean, digit));
  const lines: string[] = [];
  for (let y = 4; y < SIDE - 4; y += 2) {
    lines.push(pictures.map((picture) => shadesOf(picture, y)).join('  '));
  }
  return lines.join('\n');
}

const shadesOf = (picture: Float64Array, y: number): string =>
  Array.from(picture.subarray(y * SIDE + 5, (y + 1) * SIDE - 5), (brightness) => {
    const shade = Math.round(brightness * (SHADES.length - 1));
    return SHADES[Math.max(0, Math.min(SHADES.length - 1, shade))];
  }).join('');
