/** The second half of a task of the he room: holders sign and open, the coordinator puts the sum together. */
import { decodeLattice } from '../src/he/codec.ts';
import { exactCombiner, realCombiner } from '../src/he/committee/index.ts';
import type { Seal } from '../src/he/handles.ts';
import {
  closeClosing,
  closeUploads,
  type EncryptedCoordinator,
  type EncryptedHolder,
  fetchHalf,
  openedSum,
  openSum,
  signClose,
} from '../src/he/index.ts';
import { answerLength } from '../src/he/round/answers.ts';
import { ledgerOf } from '../src/he/round/coordinator-state.ts';
import { holderOf, holderStep } from '../src/he/round/holder-state.ts';
import type { HolderKey } from '../src/he/round/key-holder.ts';
import { openLatticeSum, sumOf } from '../src/he/sum/lattice-sum.ts';
import { holderName, taken } from '../test/he/round/support.ts';
import { type Book, interleave, settle, stopwatch, timing } from './harness.ts';

/** From the last upload to the sum, which is compared with the plain one. */
export async function heOpening(
  book: Book,
  seal: Seal,
  name: string,
  uploading: EncryptedCoordinator<'upload'>,
  rooted: readonly EncryptedHolder<'close'>[],
  vector: Float64Array,
): Promise<void> {
  const { plan, commits } = ledgerOf(uploading);
  const contributors = commits.size;
  const { threshold } = plan;
  const closing = closeUploads(
    uploading,
    Array.from({ length: threshold }, (_, i) => holderName(i)),
  );
  const closed: EncryptedHolder<'open'>[] = [];
  for (const state of rooted) {
    const { next, message } = await signClose(state, closing.downlink);
    taken(closing.next, message);
    closed.push(next);
  }
  const { next: last, downlink } = closeClosing(closing.next);
  const opens: number[] = [];
  const totals: number[] = [];
  for (const state of closed.slice(0, threshold)) {
    const timed = await timedKey(state, opens);
    settle();
    const [ms, { message }] = await stopwatch(() =>
      openSum(timed, downlink, (...which) => fetchHalf(last, ...which)),
    );
    totals.push(ms);
    taken(last, message);
  }
  book.time(`${name}/holder,of=${contributors}`, timing(totals));
  book.time(`${name}/holder/open`, timing(opens));
  if (threshold > 1) await combining(book, seal, name, last);
  const [ms, { sums, errorBound }] = await stopwatch(() => openedSum(last, seal));
  book.time(`${name}/opened-sum,of=${contributors}`, timing([ms]));
  vector.forEach((value, i) => {
    const miss = Math.abs((sums[i] as number) - contributors * value);
    if (!(miss <= errorBound * (1 + 1e-9))) throw new Error(`${name}: a wrong sum at ${i}`);
  });
}

/** The same holder, whose key notes how long it takes to open all ciphertexts. */
const timedKey = (
  state: EncryptedHolder<'open'>,
  opens: number[],
): Promise<EncryptedHolder<'open'>> =>
  holderStep(state, 'open', async (contents) => {
    const open: HolderKey['open'] = (...all) => {
      const start = performance.now();
      contents.key.open(...all);
      opens.push(performance.now() - start);
    };
    return holderOf({ ...contents, next: 'open', key: { ...contents.key, open } });
  });

/** Putting the shares of all ciphertexts together. What the bodies are makes no difference. */
async function combining(
  book: Book,
  seal: Seal,
  name: string,
  state: EncryptedCoordinator<'open'>,
): Promise<void> {
  const { plan, answers, active } = ledgerOf(state);
  const { sum, roundId, threshold } = plan;
  const { set } = sum;
  const length = answerLength(plan);
  using bodies = openLatticeSum(set, 'body', roundId, sum.ciphertexts);
  using combiner = (set.scheme === 'bfv' ? exactCombiner : realCombiner)(seal, sum, threshold);
  const { combine } = await interleave(2, {
    combine: () => {
      settle();
      const start = performance.now();
      for (let index = 0; index < sum.ciphertexts; index++) {
        const head = { kind: 'decryption-share', set, roundId, index } as const;
        const shares = active.map((member) => {
          const { payload } = answers.get(member) as { readonly payload: Uint8Array };
          return decodeLattice(head, payload.subarray(index * length, (index + 1) * length));
        });
        combiner.combine(sumOf(bodies, index), shares);
      }
      return performance.now() - start;
    },
  });
  book.time(`${name}/combine`, combine);
}
