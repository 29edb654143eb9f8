/** Sections 7.4 and 7.5: confirm, and unmask. */
import { bytes, decode, encode, list } from './cbor.ts';
import { commitmentsLength } from './commitments.ts';
import { areNeighbours, keepsWindows, neighboursOf, reaches } from './graph.ts';
import { isSigned, readDownlink, readSigned, uplink } from './messages.ts';
import { EMPTY, HLP, members, pathOf, rootBy, same } from './primitives.ts';
import { asCode, must } from './refused.ts';
import { type Confirmed, leadsTo, type Masked, type Me, promiseOf, type Said } from './state.ts';

/** 7.4 */
export function confirm(me: Me, state: Masked, downlink: Uint8Array): Said<Confirmed> {
  const { round, index: self } = me;
  const [u3Value, rootValue, ownValue] = readDownlink(me, 4, downlink, 3);
  const bitmap = bytes(u3Value);
  const headersRoot = bytes(rootValue, 32);
  const ownPath = pathOf(bytes(ownValue));
  const u3 = members(bitmap, round.graph.n);
  const found = u3.includes(self)
    ? rootBy(state.maskHash, u3.indexOf(self), u3.length, ownPath)
    : undefined;
  must(leadsTo(headersRoot, found), 'inconsistent-survivors', 'own upload');
  must(
    u3.every((index) => state.u2.includes(index)),
    'inconsistent-survivors',
    'U3',
  );
  must(u3.length >= round.floor, 'below-floor', 'U3');
  must(keepsWindows(round.graph, u3), 'window-rule', 'U3');
  const u3Hash = HLP('veilsum/v1 U3', round.roundId, bitmap);
  const header = encode([state.u2Hash, u3Hash, headersRoot]);
  const { message } = uplink(me, 4, header);
  return { message, next: { ...state, u3, confirmHeader: header } };
}

/** 7.5, the checks. */
function checkQuorum(me: Me, state: Confirmed, downlink: Uint8Array): void {
  const { round, index: self } = me;
  const { graph } = round;
  const [signerValue, signatureValue, headerList] = readDownlink(me, 5, downlink, 3);
  const [bitmap, signatures] = [bytes(signerValue), bytes(signatureValue)];
  const headers = list(headerList, undefined, graph.k).map((said) => readSigned(round, 3, said));
  const signers = members(bitmap, graph.n);
  must(signatures.length === 64 * signers.length, 'bad-downlink', 'signatures');
  must(
    signers.every((signer) => state.u3.includes(signer)),
    'no-quorum',
    'signers',
  );
  must(signers.length >= round.quorum, 'no-quorum', 'signers');
  const near = signers.filter((signer) => areNeighbours(graph, self, signer));
  must(reaches(graph, near.length), 'no-quorum', 'neighbours');
  for (const [i, sender] of signers.entries()) {
    const signature = signatures.slice(64 * i, 64 * i + 64);
    const said = { sender, header: state.confirmHeader, digest: EMPTY, signature };
    must(isSigned(round, 4, said), 'bad-signature', 'confirmation');
  }
  const expected = neighboursOf(graph, self).filter((index) => state.u3.includes(index));
  const senders = headers.map(({ sender }) => sender);
  must(`${senders}` === `${expected}`, 'missing-neighbour', 'mask headers');
  for (const said of headers) {
    must(isSigned(round, 3, said), 'bad-signature', 'mask header');
    const [u2Hash, commitments] = asCode('bad-downlink', () => {
      const [hash, points, proofs] = list(
        decode(said.header, said.header.length),
        round.proven === undefined ? 2 : 3,
      );
      if (round.proven !== undefined) bytes(proofs, 32);
      return [bytes(hash, 32), bytes(points, commitmentsLength(round))] as const;
    });
    must(same(u2Hash, state.u2Hash), 'inconsistent-survivors', 'mask header');
    const promise = state.promises.get(said.sender) as Uint8Array;
    const isKept = same(promiseOf(round, said.sender, commitments), promise);
    must(isKept, 'bad-commitment', 'mask header');
  }
}

/** 7.5 */
export function unmask(me: Me, state: Confirmed, downlink: Uint8Array): Said<undefined> {
  checkQuorum(me, state, downlink);
  const near = neighboursOf(me.round.graph, me.index).filter((index) => state.u2.includes(index));
  const shares = near.map((index) => {
    const held = state.held.find((one) => one.index === index);
    const revealed = state.u3.includes(index) ? held?.self : held?.masking;
    return [index, revealed ?? EMPTY];
  });
  const header = encode([shares, state.own]);
  return { message: uplink(me, 5, header).message, next: undefined };
}
