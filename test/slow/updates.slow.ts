/** The two real instances of the update circuit: a whole update in one chunk, and one in two chunks. */
import { afterAll, describe, expect, test } from 'vitest';
import { clientId } from '../../src/identity/client-id.ts';
import { addBlindings, commitVector, openSum } from '../../src/zk/commitment/index.ts';
import { updateBases } from '../../src/zk/update/key.ts';
import { updateChunks } from '../../src/zk/update/statement.ts';
import { type UpdateItem, verifyUpdates } from '../../src/zk/update/verify.ts';
import { endSnarkjs } from '../zk/snarkjs.ts';
import { openCurve } from '../zk/support.ts';
import { itemOf, makeKeys, secretOf, TERMS } from '../zk/update/support.ts';

afterAll(endSnarkjs);

const CLIENTS = 3;
const LENGTH = 1_900;

describe.each([1_000, 2_000])('chunks of %i values', (size) => {
  test(`updates of ${LENGTH} values are proved, added up and opened; a cheat is named`, async () => {
    const made = await makeKeys(size, await openCurve());
    const { key } = made;
    const terms = { ...TERMS, length: LENGTH, normMax: 2 * 10 ** 9 };
    const chunks = updateChunks(key, terms);
    expect(chunks).toBe(Math.ceil(LENGTH / size));
    const secrets = Array.from({ length: CLIENTS }, (_, i) =>
      secretOf(
        Int32Array.from({ length: LENGTH }, (_, j) => ((i * 977 + j * 613) % 2_001) - 1_000),
        chunks,
      ),
    );
    const items: UpdateItem[] = [];
    for (const [i, secret] of secrets.entries()) {
      items.push(await itemOf(made, `c${i}`, secret, terms));
    }
    expect(verifyUpdates(key, terms, items)).toEqual({ valid: true });

    const bases = await updateBases(key);
    const sumOpens = (aggregate: readonly number[]): Promise<unknown> =>
      openSum(bases, {
        length: LENGTH,
        groups: [{ bits: 16, commitments: items.map(({ commitment }) => commitment) }],
        aggregate,
        blindings: Array.from({ length: chunks }, (_, chunk) =>
          addBlindings(...secrets.map(({ blindings }) => blindings[chunk] as Uint8Array)),
        ),
      });
    const aggregate = Array.from({ length: LENGTH }, (_, j) =>
      secrets.reduce((sum, { values }) => sum + (values[j] as number), 0),
    );
    expect(await sumOpens(aggregate)).toEqual({ valid: true });
    expect(await sumOpens(aggregate.with(7, 30_000))).toMatchObject({ valid: false });

    // Out of bounds: no proof can be made, and one of a tame update does not fit the commitment.
    const wild = secretOf(new Int32Array(LENGTH).fill(30_000), chunks);
    await expect(itemOf(made, 'c1', wild, terms)).rejects.toMatchObject({ code: 'out-of-range' });
    const commitment = await commitVector(bases, wild.values, 16, wild.blindings);
    const cheat = { ...(items[1] as UpdateItem), client: clientId('c1'), commitment };
    const verdict = verifyUpdates(key, terms, items.with(1, cheat));
    expect(verdict).toEqual({
      valid: false,
      culprits: [{ index: 1, reason: 'knowledge', chunk: 0 }],
    });
  });
});
