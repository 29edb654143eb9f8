/**
 * The steps of those who open the sum: one key holder, or each member of a committee.
 *
 *     startKeyHolder → EncryptedHolder<'root'> → signRoot → <'close'> → signClose → <'open'> → openSum
 *
 * ⚠ A holder believes the coordinator nothing: it checks every commitment under the root that it signs,
 * and sums by itself, from bytes whose hashes those commitments fixed before any ciphertext was shown.
 * Otherwise a coordinator passes one client's ciphertext off as the sum.
 */
import { CodecError, ProtocolError, UsageError } from '../../errors.ts';
import { memoryClaim } from '../../identity/memory-claim.ts';
import type { Signer } from '../../identity/signer.ts';
import { assertBytes } from '../../internal/assert.ts';
import { equalBytes, wipe } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import { decode } from '../../wire/cbor.ts';
import { decodeEnvelope, type Envelope } from '../../wire/envelope.ts';
import { bytes, list } from '../../wire/fields.ts';
import { merkleRoot } from '../../wire/merkle.ts';
import type { Seal } from '../handles.ts';
import { addInto, type LatticeSum, openLatticeSum } from '../sum/lattice-sum.ts';
import { answerLength } from './answers.ts';
import { type HolderClaim, requireClaim } from './claims.ts';
import {
  type EncryptedHolder,
  type HolderContents,
  holderOf,
  holderPosition,
  holderStep,
  type Stepped,
} from './holder-state.ts';
import { generateHolderKey, type Half, type HolderKey, keyHolderKey } from './key-holder.ts';
import {
  commitLeaf,
  commitLength,
  committedHash,
  decodeClose,
  encodeClose,
  encodeRoot,
  HASH,
  halfLength,
  hashOfHalf,
  isSaid,
  keyHashOf,
  readQuorum,
  say,
} from './messages.ts';
import { type EncryptedDownlink, type EncryptedUplink, phaseNumber } from './phases.ts';
import { type EncryptedRound, isKeyHolder } from './plan.ts';

/** Who a holder is, and where it claims. */
export type HolderOptions = {
  /** The holder's identity on the plan's roster of holders. */
  readonly signer: Signer;
  /** A durable store; without one the state cannot be saved, and a crash ends the holder's round. */
  readonly claim?: HolderClaim;
};

/**
 * Fetches one half of a contributor's ciphertext from the coordinator.
 *
 * @param half `body` or `mask`
 * @param sender position on the roster of clients
 * @param index 0 to `plan.sum.ciphertexts − 1`
 */
export type FetchHalf = (
  half: Half,
  sender: number,
  index: number,
) => Uint8Array | Promise<Uint8Array>;

/**
 * Generates the key of a lone key holder.
 *
 * @param plan from `readEncryptedRound`, with one holder
 * @param seal from `openSeal`; no handle outlives a call
 * @param options see {@link HolderOptions}
 * @returns the signed public key, and the state that waits for the commitments
 * @throws UsageError `wrong-type` if the plan has a committee; `unknown-id`; `state-spent` if this
 *   identity has published another key in the round
 *
 * **Security**: whoever has the saved state opens every ciphertext of the round. The key is of this
 * round only.
 */
export async function startKeyHolder(
  plan: EncryptedRound,
  seal: Seal,
  options: HolderOptions,
): Promise<Stepped<'root', EncryptedUplink<'key'>>> {
  if (!isKeyHolder(plan)) {
    throw new UsageError(
      'wrong-type',
      'startKeyHolder: got a plan with a committee, expected one with a lone key holder',
    );
  }
  const { secret, publicKey } = generateHolderKey(plan, seal);
  return startHolder(plan, options, keyHolderKey(plan, seal, secret), publicKey);
}

/** Signs the public key that this holder has its part of. */
export async function startHolder(
  plan: EncryptedRound,
  { signer, claim }: HolderOptions,
  key: HolderKey,
  publicKey: Uint8Array,
): Promise<Stepped<'root', EncryptedUplink<'key'>>> {
  const self = holderPosition(plan, signer);
  const keyHash = keyHashOf(plan, publicKey);
  const contents = {
    plan,
    signer,
    claim: claim ?? memoryClaim(signer.publicKey),
    durable: claim !== undefined,
    self,
    key,
    keyHash,
    root: NOTHING,
    commits: new Map<number, Uint8Array>(),
    close: NOTHING,
  };
  try {
    await requireClaim(contents.claim, plan.roundId, 'key', keyHash);
    const { message } = await say(plan, 'key', self, signer, keyHash, publicKey);
    return { next: holderOf({ ...contents, next: 'root' }), message };
  } catch (error) {
    wipe(key.secret);
    throw error;
  }
}

const NOTHING = new Uint8Array(0);

/**
 * Checks all commitments and signs their root. From here on nobody can add one.
 *
 * @param state from the start; consumed unless this throws something else than `state-spent`
 * @param downlink the coordinator's word for the phase `root`: the commit messages, by position
 * @throws CodecError if the bytes are no list of commits of this round
 * @throws ProtocolError `bad-signature`, `bad-downlink` (a commit that is none of the round's clients',
 *   twice the same client, another order), `bad-key` (to another key), `below-floor`: nothing is signed
 * @throws UsageError `state-spent` if this holder signed another root before, `wrong-type`
 *
 * **Cost**: a signature check a client.
 */
export const signRoot = (
  state: EncryptedHolder<'root'>,
  downlink: EncryptedDownlink<'root'>,
): Promise<Stepped<'close', EncryptedUplink<'root'>>> =>
  holderStep(state, 'root', async (contents) => {
    const { plan, self, signer, claim, keyHash } = contents;
    const said = readCommits(plan, downlink);
    let before = -1;
    for (const commit of said) {
      const { sender, header, payload } = commit;
      if (sender <= before) throw lied('bad-downlink', 'commits out of order, or one client twice');
      before = sender;
      if (!isSaid(plan, 'commit', commit)) throw lied('bad-signature', `commit ${sender} unsigned`);
      if (!equalBytes(header, keyHash)) throw lied('bad-key', `commit ${sender} to another key`);
      if (payload.length !== commitLength(plan)) {
        throw lied('bad-downlink', `commit ${sender} with ${payload.length} bytes of hashes`);
      }
    }
    if (said.length < plan.floor) {
      throw lied('below-floor', `${said.length} commits with a floor of ${plan.floor}`);
    }
    const root = merkleRoot(said.map((commit) => commitLeaf(plan, commit)));
    const header = encodeRoot({ keyHash, root, size: said.length });
    await requireClaim(claim, plan.roundId, 'root', sha256(header));
    const { message } = await say(plan, 'root', self, signer, header);
    const commits = new Map(said.map(({ sender, payload }) => [sender, payload.slice()]));
    return { next: holderOf({ ...contents, next: 'close', root: header, commits }), message };
  });

/**
 * Checks who is to be added and who opens, and signs it.
 *
 * @param state from {@link signRoot}; consumed unless this throws something else than `state-spent`
 * @param downlink the coordinator's word for the phase `close`
 * @throws CodecError if the bytes are no closing
 * @throws ProtocolError `inconsistent-survivors` (another root than this holder signed, a contributor
 *   that is not under it), `below-floor`, `bad-downlink` (another number of active holders than the
 *   threshold): nothing is signed
 * @throws UsageError `state-spent` if this holder signed another closing before, `wrong-type`
 */
export const signClose = (
  state: EncryptedHolder<'close'>,
  downlink: EncryptedDownlink<'close'>,
): Promise<Stepped<'open', EncryptedUplink<'close'>>> =>
  holderStep(state, 'close', async (contents) => {
    const { plan, self, signer, claim, root, commits } = contents;
    // What was checked is what is signed, whatever becomes of the caller's bytes while the claim is made.
    const close = decodeClose(plan, downlink);
    const header = encodeClose(plan, close);
    if (!equalBytes(close.rootHash, sha256(root))) {
      throw lied('inconsistent-survivors', 'a closing of another root than this holder signed');
    }
    const stranger = close.contributors.find((sender) => !commits.has(sender));
    if (stranger !== undefined) {
      throw lied('inconsistent-survivors', `contributor ${stranger}, who has not committed`);
    }
    if (close.contributors.length < plan.floor) {
      throw lied('below-floor', `${close.contributors.length} contributors`);
    }
    if (close.active.length !== plan.threshold) {
      throw lied('bad-downlink', `${close.active.length} active holders`);
    }
    await requireClaim(claim, plan.roundId, 'close', sha256(header));
    const { message } = await say(plan, 'close', self, signer, header);
    return { next: holderOf({ ...contents, next: 'open', close: header }), message };
  });

/**
 * Sums what was committed to, and answers: once in a round, then the key is overwritten.
 *
 * @param state from {@link signClose}; consumed unless this throws something else than `state-spent`
 * @param downlink the coordinator's word for the phase `open`: the closing with its signatures
 * @param fetch gets each half of each contributor's ciphertext; asked for one after the other, again
 *   from the start if an attempt failed
 * @throws CodecError if the bytes are no downlink
 * @throws ProtocolError `no-quorum`, `bad-signature`, `inconsistent-survivors` (another closing than this
 *   holder signed, or one in which it is not active), `bad-downlink` (fetched bytes that are not those
 *   committed to, or no ciphertext): nothing is answered
 * @throws UsageError `state-spent` if the claim knows of an answer already, the same one included;
 *   `wrong-type` if `fetch` gives no bytes
 *
 * **Security**: the claim is made before the answer leaves, and after nothing can fail any more; an
 * answer that was made before a failure is overwritten. A store that forgets lets a second
 * answer out: then flooding is averaged away, or two sums differ by one vector.
 * **Cost**: fetches all contributors' masks (a key holder their bodies too); memory for the sums alone.
 */
export const openSum = (
  state: EncryptedHolder<'open'>,
  downlink: EncryptedDownlink<'open'>,
  fetch: FetchHalf,
): Promise<Stepped<'done', EncryptedUplink<'open'>>> =>
  holderStep(state, 'open', async (contents) => {
    const { plan, self, signer, claim, key, close } = contents;
    const { header } = readQuorum(plan, 'close', downlink);
    if (!equalBytes(header, close)) {
      throw lied('inconsistent-survivors', 'another closing than this holder signed');
    }
    const { contributors, active } = decodeClose(plan, header);
    if (!active.includes(self)) {
      throw lied('inconsistent-survivors', 'a closing in which this holder is not active');
    }
    const { set, ciphertexts } = plan.sum;
    const sums: LatticeSum[] = [];
    const answers = new Uint8Array(ciphertexts * answerLength(plan));
    try {
      for (const half of key.halves) {
        const sum = openLatticeSum(set, half, plan.roundId, ciphertexts);
        sums.push(sum);
        await sumHalves(contents, contributors, half, sum, fetch);
      }
      key.open(sums, active, answers);
      const { message } = await say(plan, 'open', self, signer, sha256(close), answers);
      // Last, so that what fails before it can be done again; what was made until then never leaves.
      await requireClaim(claim, plan.roundId, 'open', sha256(close));
      wipe(key.secret);
      return { next: holderOf({ ...contents, next: 'done' }), message };
    } catch (error) {
      wipe(answers);
      throw error;
    } finally {
      for (const sum of sums) sum[Symbol.dispose]();
    }
  });

/** Adds up one half of all contributors' ciphertexts, each checked against its committed hash. */
async function sumHalves(
  { plan, commits }: HolderContents,
  contributors: readonly number[],
  half: Half,
  sum: LatticeSum,
  fetch: FetchHalf,
): Promise<void> {
  const length = halfLength(plan);
  for (let index = 0; index < sum.count; index++) {
    for (const sender of contributors) {
      // A copy: what is hashed is what is added.
      const given = await fetch(half, sender, index);
      assertBytes('fetch', given);
      if (given.length !== length) {
        throw lied(
          'bad-downlink',
          `a ${half} ${index} of client ${sender} of ${given.length} bytes`,
        );
      }
      const fetched = new Uint8Array(given);
      const commit = commits.get(sender) as Uint8Array;
      if (!equalBytes(hashOfHalf(sender, fetched), committedHash(commit, index, half))) {
        throw lied('bad-downlink', `another ${half} ${index} of client ${sender} than committed`);
      }
      try {
        addInto(sum, index, fetched);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
        throw lied('bad-downlink', `a ${half} ${index} of client ${sender} that is none`);
      }
    }
  }
}

function readCommits(plan: EncryptedRound, downlink: Uint8Array): readonly Envelope[] {
  const what = 'commits';
  const n = plan.clients.clients.length;
  const each = commitLength(plan) + 256;
  const limits = { header: HASH, payload: commitLength(plan) };
  return list(decode(downlink, { what, maxBytes: 16 + n * (each + 8) }), n, what).map((item) => {
    const commit = decodeEnvelope(bytes(item, { min: 1, max: each }, what), limits);
    if (commit.phase !== phaseNumber('commit')) throw lied('bad-downlink', 'no commits');
    if (!equalBytes(commit.roundId, plan.roundId)) throw lied('bad-downlink', 'another round');
    return commit;
  });
}

const lied = (code: ProtocolError['code'], got: string): ProtocolError =>
  new ProtocolError(code, `holder: got ${got}, expected what the plan and the signed root allow`, [
    'coordinator',
  ]);
