/** Encrypted sums in real Chromium, on the main thread: a whole round under a key holder, in one page. */
import { expect, test } from 'vitest';
import { liveHandles, openSeal } from '../../src/he/index.ts';
import { chunkOf } from '../../src/he/round/client.ts';
import { nodeCrypto } from '../../src/internal/platform.ts';
import { castOf, planFor, taken, toTheEnd, untilUpload } from '../he/round/support.ts';

test('a key holder opens the exact sum of what was encrypted here, and nothing of SEAL is left', async () => {
  expect(nodeCrypto).toBeUndefined();
  const seal = await openSeal();
  const cast = await castOf(3);
  const plan = planFor(cast);
  const vectors = [1, 20, -300].map((by) =>
    Float64Array.from({ length: 5_000 }, (_, i) => (by * (i + 1)) % 1_000),
  );
  const round = await untilUpload(seal, cast, plan, vectors);
  for (const client of round.clients.slice(1)) {
    for (let k = 0; k < plan.sum.ciphertexts; k++) taken(round.coordinator, chunkOf(client, k));
  }
  const { sums, contributors } = await toTheEnd(round);
  expect(contributors).toHaveLength(2);
  expect(sums).toEqual(vectors[1]?.map((value, i) => value + (vectors[2]?.[i] as number)));
  expect(liveHandles(seal)).toBe(0);
});
