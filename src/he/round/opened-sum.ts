/** The coordinator's last step: answers to numbers. */
import { CodecError, ProtocolError, UsageError } from '../../errors.ts';
import { equalBytes } from '../../internal/bytes.ts';
import type { Polynomials } from '../blob.ts';
import { decodeLattice } from '../codec.ts';
import { type Combiner, exactCombiner, realCombiner } from '../committee/index.ts';
import type { Seal } from '../handles.ts';
import { addInto, openLatticeSum, sumOf } from '../sum/lattice-sum.ts';
import { answerLength, widenPlaintextInto } from './answers.ts';
import { halfOf } from './coordinator.ts';
import {
  type Committed,
  type CoordinatorLedger,
  type EncryptedCoordinator,
  ledgerOf,
  takeLedger,
} from './coordinator-state.ts';
import { unpackInto } from './layout.ts';
import { committedHash, hashOfHalf } from './messages.ts';
import { isKeyHolder } from './plan.ts';
import { encryptedAssumptions, type OpenedSum } from './result.ts';

/**
 * Puts the answers together.
 *
 * @param state consumed unless this throws: holders answer but once, so a store that failed can be asked again
 * @param seal from `openSeal`, for a committee's answers; no handle outlives the call
 * @returns see {@link OpenedSum}
 * @throws ProtocolError `below-threshold` while an active holder's answer is missing; `poisoned-sum` if
 *   some contributor or active member did not keep to the plan and it shows
 * @throws UsageError `state-spent`; `wrong-type` without `seal` where it is needed, or if the store gives
 *   back another chunk than was put into it; what else the store throws
 *
 * **Cost**: for a committee it adds up all contributors' bodies, K places at a time in memory.
 */
export async function openedSum(
  state: EncryptedCoordinator<'open'>,
  seal?: Seal,
): Promise<OpenedSum> {
  const { plan, answers, active } = ledgerOf(state);
  if (answers.size < active.length) {
    throw new ProtocolError(
      'below-threshold',
      `encrypted round: got answers of ${answers.size} active holders, expected ${active.length}`,
      [],
      { got: answers.size, expected: active.length },
    );
  }
  if (!isKeyHolder(plan) && seal === undefined) {
    throw new UsageError(
      'wrong-type',
      'openedSum: got no seal, expected one: answers of a committee are put together with SEAL',
    );
  }
  const ledger = ledgerOf(state);
  const { contributors, faults } = ledger;
  const { sum } = plan;
  const sums = new Float64Array(sum.length);
  if (isKeyHolder(plan)) fromKeyHolder(sums, ledger);
  else {
    try {
      await fromCommittee(sums, ledger, seal as Seal);
    } catch (error) {
      // Before anybody else is suspected: a sum of other bytes than clients committed to looks the same.
      if (error instanceof ProtocolError || error instanceof CodecError) await checkStore(ledger);
      throw error;
    }
  }
  takeLedger(state);
  const isIn = new Set(contributors);
  const ids = plan.clients.clients.map(({ id }) => id);
  return Object.freeze({
    sums,
    // Rounding is of each vector; what a committee's flooding leaves is of the sum.
    errorBound: sum.errorBound * (sum.set.scheme === 'bfv' ? contributors.length : sum.clients),
    contributors: Object.freeze(ids.filter((_, i) => isIn.has(i))),
    missing: Object.freeze(ids.filter((_, i) => !isIn.has(i))),
    refused: Object.freeze([...faults]),
    assumptions: encryptedAssumptions(plan),
  });
}

function fromKeyHolder(sums: Float64Array, ledger: CoordinatorLedger): void {
  const { plan, contributors, active } = ledger;
  const words = new Uint32Array(2 * plan.sum.set.degree);
  for (let index = 0; index < plan.sum.ciphertexts; index++) {
    widenPlaintextInto(words, plan, answerOf(ledger, active[0] as number, index));
    unpackInto(sums, plan.sum, words, index, contributors.length);
  }
}

async function fromCommittee(
  sums: Float64Array,
  ledger: CoordinatorLedger,
  seal: Seal,
): Promise<void> {
  const { plan, store, contributors } = ledger;
  const { sum, roundId, threshold } = plan;
  const { set } = sum;
  using bodies = openLatticeSum(set, 'body', roundId, sum.ciphertexts);
  // Place by place: its sum stays in the processor's cache until all have been added to it.
  for (let index = 0; index < sum.ciphertexts; index++) {
    for (const sender of contributors) {
      addInto(bodies, index, halfOf(plan, 'body', await store.get(sender, index)));
    }
  }
  const each = <Sums>(combiner: Combiner<Sums>, take: (index: number, sums: Sums) => void) => {
    using combining = combiner;
    for (let index = 0; index < sum.ciphertexts; index++) {
      take(index, combining.combine(sumOf(bodies, index), sharesOf(ledger, index)));
    }
  };
  if (set.scheme === 'bfv') {
    each(exactCombiner(seal, sum, threshold), (index, words) =>
      unpackInto(sums, sum, words, index, contributors.length),
    );
  } else {
    each(realCombiner(seal, sum, threshold), (index, reals) => {
      sums.set(reals.subarray(0, sum.length - index * set.places), index * set.places);
    });
    requireWithin(sums, contributors.length * sum.clip + sum.clients * sum.errorBound);
  }
}

/** Whether the store still has what was put into it. @throws UsageError `wrong-type` */
async function checkStore({
  plan,
  store,
  commits,
  contributors,
}: CoordinatorLedger): Promise<void> {
  for (const sender of contributors) {
    const { hashes } = commits.get(sender) as Committed;
    for (let index = 0; index < plan.sum.ciphertexts; index++) {
      const body = halfOf(plan, 'body', await store.get(sender, index));
      if (equalBytes(hashOfHalf(sender, body), committedHash(hashes, index, 'body'))) continue;
      throw new UsageError(
        'wrong-type',
        `store: got another chunk ${index} of client ${sender} back than was put into it`,
        { sender, index },
      );
    }
  }
}

/** A part of a decryption that is none makes each number of a sum some hundred times the greatest. */
function requireWithin(sums: Float64Array, most: number): void {
  const at = sums.findIndex((value) => !(Math.abs(value) <= most));
  if (at < 0) return;
  throw new ProtocolError(
    'poisoned-sum',
    `coordinate ${at}: got a sum beyond what the contributors' clips and the error bound add up to, expected one within; some contributor or active member did not keep to the plan`,
    [],
    { index: at },
  );
}

/** Every active member's share for ciphertext `index`, checked when it was taken in. */
const sharesOf = (ledger: CoordinatorLedger, index: number): readonly Polynomials[] => {
  const { plan, active } = ledger;
  const { roundId, sum } = plan;
  const expected = { kind: 'decryption-share', set: sum.set, roundId, index } as const;
  return active.map((member) => decodeLattice(expected, answerOf(ledger, member, index)));
};

function answerOf({ plan, answers }: CoordinatorLedger, holder: number, index: number): Uint8Array {
  const length = answerLength(plan);
  const { payload } = answers.get(holder) as { readonly payload: Uint8Array };
  return payload.subarray(index * length, (index + 1) * length);
}
