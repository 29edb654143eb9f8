/**
 * Seen elsewhere: a debug line prints vectors before and after masking. The library is silent: whatever
 * happens in a round, nothing is written to any stream, and no fault or error quotes a vector.
 */
import { inspect } from 'node:util';
import { integer } from 'veilsum';
import { expect, test, vi } from 'vitest';
import { party, planFor, play } from '../../support/round.ts';
import { smallTrust } from '../bad-input/fixture.ts';
import { vectorsOf } from './upload.ts';

/** Everything that is printed while `work` runs. */
async function printed(work: () => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const keep = (...values: unknown[]): boolean => {
    lines.push(values.map((value) => inspect(value)).join(' '));
    return true;
  };
  const methods = ['log', 'info', 'debug', 'warn', 'error', 'trace', 'table', 'dir'] as const;
  const spies = [
    ...methods.map((method) => vi.spyOn(console, method).mockImplementation(keep)),
    vi.spyOn(process.stdout, 'write').mockImplementation(keep as never),
    vi.spyOn(process.stderr, 'write').mockImplementation(keep as never),
    vi.spyOn(process, 'emitWarning').mockImplementation(keep as never),
  ];
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines.join('\n');
}

test('the naive client: the search sees its debug line', async () => {
  const update = Uint32Array.of(1, 2, 3);
  const text = await printed(async () => console.debug('masked', update));
  expect(text).toContain('1, 2, 3');
});

test.each(['x25519', 'x25519-mlkem768'] as const)(
  'ours, %s: silence, also when clients vanish, lie and send garbage',
  async (suite) => {
    const people = await party(6);
    const plan = planFor(people, {
      fields: { x: integer({ length: 4, min: 0, max: 10 ** 8 }) },
      trust: smallTrust,
      suite,
    });
    const masked: number[] = [];
    let text = '';
    const quiet = await printed(async () => {
      const { result, faults, left } = await play(people, plan, {
        inputs: () => ({ x: [12_345_678, 23_456_789, 34_567_891, 45_678_912] }),
        vanish: (id) => (id === 'client-1' ? 'mask' : undefined),
        uplink: (phase, _, message) => {
          if (phase === 'mask') {
            masked.push(...(vectorsOf(plan, message)[0] as Uint32Array));
          }
          const broken = message.slice();
          broken[broken.length - 1] = (broken[broken.length - 1] as number) ^ 1;
          return [broken, message.subarray(3), message];
        },
      });
      expect(faults.length).toBeGreaterThan(50);
      const { sum, ...rest } = result;
      expect(sum.x[0]).toBe(5 * 12_345_678);
      text = inspect([rest, faults, [...left]], { depth: 9, maxArrayLength: null });
    });
    expect(quiet).toBe('');
    expect(masked.length).toBe(5 * 4);
    for (const value of [...masked, 12_345_678, 23_456_789, 34_567_891, 45_678_912]) {
      if (value > 99_999) expect(text).not.toContain(String(value));
    }
  },
);
