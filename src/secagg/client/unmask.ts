/** Step 5: check that a quorum confirmed the same survivors, then reveal one share a neighbour. */
import { equalBytes } from '../../internal/bytes.ts';
import { fromBitmap } from '../../wire/bitmap.ts';
import { decodeQuorumDownlink, type QuorumDownlink } from '../downlinks.ts';
import { areNeighbours, neighbours } from '../graph.ts';
import { decodeMaskHeader, encodeUnmaskHeader } from '../messages.ts';
import type { Downlink } from '../phases.ts';
import { requireSigned, signMessage } from '../signed.ts';
import { keepsPromise } from '../survivors.ts';
import { idAt, reachesThreshold, sizeOf, type Terms } from '../terms.ts';
import { blame, readSigned } from './blame.ts';
import { type ClientState, type Contents, type Stepped, step } from './state.ts';

/**
 * Reveals, for every neighbour in U2, exactly one share: of its self-mask seed if it is in U3, of its
 * masking seed if it is not.
 *
 * @throws ProtocolError blaming the coordinator: no quorum, a signature that does not verify, a
 * neighbour's mask header missing or under another U2; then nothing is revealed to anybody.
 * @throws CodecError if the bytes are no downlink. **Cost**: one signature check for each signer sent
 * (about the quorum) and each neighbour.
 */
export const unmask = (
  state: ClientState<'unmask'>,
  downlink: Downlink<'unmask'>,
): Promise<Stepped<'unmask', 'done'>> =>
  step(state, 'unmask', 'done', async (contents) => {
    const { terms, self, memory, signer } = contents;
    const content = decodeQuorumDownlink(terms, self, downlink);
    const u2 = new Set(fromBitmap(memory.u2, sizeOf(terms), 'U2'));
    const u3 = new Set(fromBitmap(memory.u3, sizeOf(terms), 'U3'));
    checkQuorum(contents, content, u3);
    checkMaskHeaders(contents, content, u3);
    const held = new Map(memory.held.map((shares) => [shares.dealer, shares]));
    const shares = sortedNeighbours(terms, self)
      .filter((dealer) => u2.has(dealer))
      .map((dealer) => {
        const both = held.get(dealer);
        return { dealer, share: u3.has(dealer) ? both?.self : both?.masking };
      });
    const header = encodeUnmaskHeader({ shares, own: memory.ownShare });
    const { message } = await signMessage(terms, 'unmask', self, signer, header);
    return { message, memory: {} };
  });

const sortedNeighbours = (terms: Terms, self: number): readonly number[] =>
  neighbours(terms.graph, self)
    .map(({ index }) => index)
    .sort((a, b) => a - b);

/**
 * ⚠ The quorum is global: with neighbours' signatures only, each neighbourhood agrees with itself
 * while distant arcs are told different sets. Two quorums share an honest client, and an honest
 * client signs once.
 */
function checkQuorum(
  { terms, self, memory }: Contents<'unmask'>,
  content: QuorumDownlink,
  u3: ReadonlySet<number>,
): void {
  const signers = fromBitmap(content.signers, sizeOf(terms), 'signers');
  if (content.signatures.length !== 64 * signers.length) {
    throw blame(
      'bad-downlink',
      `signatures: got ${content.signatures.length} bytes, expected 64 for each of ${signers.length} signers`,
    );
  }
  if (!signers.every((signer) => u3.has(signer))) {
    throw blame('no-quorum', 'signers: some are not in U3');
  }
  if (signers.length < terms.quorum) {
    throw blame(
      'no-quorum',
      `signers: got ${signers.length}, expected at least the quorum of ${terms.quorum}`,
    );
  }
  const near = signers.filter((signer) => areNeighbours(terms.graph, self, signer)).length;
  if (!reachesThreshold(terms, near)) {
    throw blame(
      'no-quorum',
      `signers: got ${near} neighbours, expected at least the threshold of ${terms.parameters.threshold}`,
    );
  }
  signers.forEach((sender, i) => {
    const signature = content.signatures.subarray(64 * i, 64 * i + 64);
    const payloadDigest = new Uint8Array(0);
    requireSigned(terms, 'confirm', {
      sender,
      header: memory.confirmHeader,
      payloadDigest,
      signature,
    });
  });
}

/**
 * ⚠ Every graph neighbour in U3 must have masked under the same U2, else edges do not cancel, and have
 * revealed the commitments whose hash it shared, else they could have been chosen after the others'.
 */
function checkMaskHeaders(
  { terms, self, memory }: Contents<'unmask'>,
  content: QuorumDownlink,
  u3: ReadonlySet<number>,
): void {
  const expected = sortedNeighbours(terms, self).filter((index) => u3.has(index));
  const got = content.maskHeaders.map(({ sender }) => sender);
  if (got.length !== expected.length || got.some((sender, i) => sender !== expected[i])) {
    throw blame(
      'missing-neighbour',
      `mask headers: got ${got.length}, expected those of all ${expected.length} neighbours in U3, in order`,
    );
  }
  const promises = new Map(memory.promises.map(({ index, promise }) => [index, promise]));
  for (const said of content.maskHeaders) {
    requireSigned(terms, 'mask', said);
    const header = readSigned(() => decodeMaskHeader(terms, said.header));
    if (!equalBytes(header.u2Hash, memory.u2Hash)) {
      throw blame(
        'inconsistent-survivors',
        `mask header of client "${idAt(terms, said.sender)}": it was told another U2 than this client`,
      );
    }
    const promised = promises.get(said.sender);
    if (!keepsPromise(terms, said.sender, header.commitments, promised)) {
      throw blame(
        'bad-commitment',
        `mask header of client "${idAt(terms, said.sender)}": its commitments are not those whose hash it shared`,
      );
    }
  }
}
