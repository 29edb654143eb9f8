/**
 * What clients signed, held against each other: who took part, who contributed, that commitments were
 * promised before any was revealed, and that a quorum confirmed all of it.
 */
import { CodecError } from '../../errors.ts';
import { equalBytes } from '../../internal/bytes.ts';
import { sha256 } from '../../internal/sha256.ts';
import {
  decodeMaskHeader,
  decodeShareHeader,
  encodeConfirmHeader,
  type MaskHeader,
  type ShareHeader,
} from '../../secagg/messages.ts';
import { headerHash, isSigned } from '../../secagg/signed.ts';
import { hashOfU2, hashOfU3, keepsPromise, u2Leaf } from '../../secagg/survivors.ts';
import { idAt, type Terms } from '../../secagg/terms.ts';
import { fromBitmap } from '../../wire/bitmap.ts';
import type { SignedHeader } from '../../wire/envelope.ts';
import { merkleRoot } from '../../wire/merkle.ts';
import type { Bundle, ContributorSaid } from './format.ts';
import type { BundleReason, CheckName } from './verdict.ts';

/** Collects what is wrong: the check that does not hold, and why. */
export type Complain = (check: CheckName, reason: BundleReason) => void;

/** The sets of a bundle, as roster positions. */
export type Sets = {
  readonly u2: readonly number[];
  readonly u3: readonly number[];
  readonly signers: readonly number[];
};

/**
 * Reads the sets and the lengths of all lists beside them.
 *
 * @throws CodecError if they do not fit the roster or each other
 */
export function readSets(terms: Terms, bundle: Bundle): Sets {
  const n = terms.roster.clients.length;
  const u2 = fromBitmap(bundle.u2, n, 'bundle: U2');
  const u3 = fromBitmap(bundle.u3, n, 'bundle: U3');
  const signers = fromBitmap(bundle.signers, n, 'bundle: signers');
  const isIn = new Set(u2);
  assertCount('contributors outside of U2', u3.filter((index) => !isIn.has(index)).length, 0);
  assertCount('contributors', bundle.contributors.length, u3.length);
  assertCount('bytes of adverts', bundle.adverts.length, 32 * u2.length);
  assertCount('bytes of absent', bundle.absent.length, 32 * (u2.length - u3.length));
  assertCount('bytes of signatures', bundle.signatures.length, 64 * signers.length);
  if (bundle.proven !== undefined) {
    assertCount('proofs', bundle.proven.proofs.length, u3.length);
  }
  return { u2, u3, signers };
}

function assertCount(what: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new CodecError('malformed', `bundle: got ${got} ${what}, expected ${expected}`);
}

/** What a contributor said, read. */
type Read = {
  readonly index: number;
  readonly share: SignedHeader;
  readonly mask: SignedHeader;
  readonly shareHeader: ShareHeader;
  readonly maskHeader: MaskHeader;
};

/**
 * Checks everything that was signed.
 *
 * @param rest - awaited now and then, so that others get a turn
 * @returns the commitments of each contributor, in roster order, whatever was wrong besides
 * @throws CodecError for headers of another form
 *
 * **Cost**: two signature checks for each contributor, one for each confirmation.
 */
export async function checkEvidence(
  terms: Terms,
  bundle: Bundle,
  sets: Sets,
  complain: Complain,
  rest: () => Promise<void>,
): Promise<readonly Uint8Array[]> {
  const read = bundle.contributors.map((said, i) => readSaid(terms, sets.u3[i] as number, said));
  const u2Hash = hashOfU2(terms, bundle.u2, merkleRoot(leavesOfU2(terms, bundle, sets, read)));
  for (const [i, said] of read.entries()) {
    checkContributor(terms, said, u2Hash, complain);
    const proofs = bundle.proven?.proofs[i];
    if (proofs !== undefined) checkProofsHash(terms, said, proofs, complain);
    if (i % 16 === 15) await rest();
  }
  const confirmed = encodeConfirmHeader({
    u2Hash,
    u3Hash: hashOfU3(terms, bundle.u3),
    headersRoot: merkleRoot(read.map(({ mask }) => headerHash(terms, 'mask', mask))),
  });
  await checkQuorum(terms, bundle, sets, confirmed, complain, rest);
  return read.map(({ maskHeader }) => maskHeader.commitments);
}

function readSaid(terms: Terms, index: number, { share, mask }: ContributorSaid): Read {
  return {
    index,
    share: { ...share, sender: index },
    mask: { ...mask, sender: index },
    shareHeader: decodeShareHeader(terms, share.header),
    maskHeader: decodeMaskHeader(terms, mask.header),
  };
}

/** Contributors' share headers are here to be hashed; of the others there is the hash. */
function leavesOfU2(terms: Terms, bundle: Bundle, { u2 }: Sets, read: readonly Read[]) {
  const shares = new Map(read.map(({ index, share }) => [index, share]));
  let absent = 0;
  return u2.map((index, i) => {
    const advert = bundle.adverts.subarray(32 * i, 32 * i + 32);
    const share = shares.get(index);
    if (share !== undefined) return u2Leaf(index, advert, headerHash(terms, 'share', share));
    const at = 32 * absent++;
    return u2Leaf(index, advert, bundle.absent.subarray(at, at + 32));
  });
}

/** ⚠ Without the promise in U2, whoever commits last can make any sum open: see `hashOfCommitments`. */
function checkContributor(terms: Terms, said: Read, u2Hash: Uint8Array, complain: Complain): void {
  const client = idAt(terms, said.index);
  for (const phase of ['share', 'mask'] as const) {
    if (isSigned(terms, phase, said[phase])) continue;
    const text = `client "${client}" did not sign what it is said to have said in phase "${phase}" of this round`;
    complain('signatures', { code: 'bad-signature', text, client });
  }
  if (!equalBytes(said.maskHeader.u2Hash, u2Hash)) {
    const text = `client "${client}" masked under another list of participants than the bundle's`;
    complain('signatures', { code: 'other-u2', text, client });
  }
  const { commitments } = said.maskHeader;
  if (!keepsPromise(terms, said.index, commitments, said.shareHeader.commitments)) {
    const text = `client "${client}" revealed other commitments than those whose hash it had shared`;
    complain('commitments', { code: 'bad-commitment', text, client });
  } else if (terms.commitments?.isValid(commitments) !== true) {
    const text = `client "${client}" has commitments that are no points of the curve`;
    complain('commitments', { code: 'bad-commitment', text, client });
  }
}

/** Those that are signed, and so confirmed: else others could be put in their place afterwards. */
function checkProofsHash(
  terms: Terms,
  { index, maskHeader }: Read,
  proofs: Uint8Array,
  complain: Complain,
): void {
  const { proofsHash } = maskHeader;
  if (proofsHash !== undefined && equalBytes(sha256(proofs), proofsHash)) return;
  const client = idAt(terms, index);
  const text = `client "${client}" signed the hash of other proofs than the bundle's`;
  complain('proofs', { code: 'not-proven', text, client });
}

async function checkQuorum(
  terms: Terms,
  bundle: Bundle,
  { u3, signers }: Sets,
  header: Uint8Array,
  complain: Complain,
  rest: () => Promise<void>,
): Promise<void> {
  const isIn = new Set(u3);
  const payloadDigest = new Uint8Array(0);
  let good = 0;
  for (const [i, sender] of signers.entries()) {
    const signature = bundle.signatures.subarray(64 * i, 64 * i + 64);
    const said = { sender, header, payloadDigest, signature };
    if (isIn.has(sender) && isSigned(terms, 'confirm', said)) good++;
    if (i % 16 === 15) await rest();
  }
  const bad = signers.length - good;
  if (bad === 0 && good >= terms.quorum) return;
  const text =
    `got ${good} confirmations of these contributors and commitments, expected at least ${terms.quorum}` +
    (bad === 0 ? '' : `; ${bad} more are no confirmations of them`);
  complain('quorum', { code: 'no-quorum', text });
}
