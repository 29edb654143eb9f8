/** The README's table of parameter sets: what `planEncryptedSum` picks for typical sums, and nothing else. */
import { type EncryptedSumRequest, planEncryptedSum } from '../../src/he/plan.ts';

const COMMITTEE = { members: 5 };

/** One for each set, from the cheapest on. */
const SUMS: readonly Omit<EncryptedSumRequest, 'clients' | 'length'>[] = [
  { keys: 'key-holder', clip: 100, precision: 0 },
  { keys: 'key-holder', clip: 1, precision: 1e-6 },
  { keys: COMMITTEE, clip: 100, precision: 0 },
  { keys: COMMITTEE, clip: 1, precision: 1e-6 },
  { keys: COMMITTEE, clip: 1, precision: 1e-6, scheme: 'ckks' },
  { keys: COMMITTEE, clip: 1, precision: 1e-8, scheme: 'ckks' },
];

/** The table: a million values of each of 100 clients. */
export function encryptedSumsTable(): string {
  const rows = SUMS.map((sum) => {
    const { set, bytesPerValue } = planEncryptedSum({ ...sum, clients: 100, length: 1_000_000 });
    return [
      sum.keys === 'key-holder' ? 'key holder' : 'five members',
      sum.precision === 0 ? `whole numbers, ±${sum.clip}` : `reals, ±${sum.clip}`,
      sum.precision === 0 ? '0' : sum.precision.toExponential(),
      `\`${set.name}\``,
      set.scheme,
      bytesPerValue.toFixed(1),
    ];
  });
  const head = ['opened by', 'values', 'error of the mean', 'set', 'scheme', 'bytes per value'];
  const table = [head, ['---', '---', '---:', '---', '---', '---:'], ...rows];
  return table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
