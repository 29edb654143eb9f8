import {
  decodeQuorumDownlink,
  decodeSurvivorsDownlink,
  encodeQuorumDownlink,
  encodeSurvivorsDownlink,
  type QuorumDownlink,
  type SurvivorsDownlink,
} from '../../../src/secagg/downlinks.ts';
import { areNeighbours } from '../../../src/secagg/graph.ts';
import {
  decodeMaskHeader,
  encodeConfirmHeader,
  encodeMaskHeader,
} from '../../../src/secagg/messages.ts';
import { headerHash } from '../../../src/secagg/signed.ts';
import { commitmentsLength } from '../../../src/secagg/terms.ts';
import { toBitmap } from '../../../src/wire/bitmap.ts';
import { decodeEnvelope, type SignedHeader } from '../../../src/wire/envelope.ts';
import { inclusionPath, merkleTree } from '../../../src/wire/merkle.ts';
import {
  bytesIn,
  type Case,
  flipped,
  type Recorded,
  resigned,
  saidBy,
  uplinkOf,
} from './recorded.ts';

/** Downlinks to confirm. */
export function survivorCases(of: Recorded, index: number): readonly Case[] {
  const { terms, vector } = of;
  const content = decodeSurvivorsDownlink(
    terms,
    index,
    bytesIn(vector.clients[index]?.confirm?.downlink),
  );
  const n = terms.roster.clients.length;
  const told = (changed: Partial<SurvivorsDownlink>): Uint8Array =>
    encodeSurvivorsDownlink(terms, index, { ...content, ...changed });
  /** A set under a root of its own, with a made-up hash for who has uploaded nothing. */
  const set = (members: readonly number[]): Uint8Array => {
    const tree = merkleTree(
      members.map((j) =>
        vector.u3.includes(j)
          ? headerHash(terms, 'mask', saidBy(of, j, 'mask'))
          : new Uint8Array(32),
      ),
    );
    return told({
      u3: toBitmap(members, n),
      headersRoot: tree.root,
      ownPath: inclusionPath(tree, members.indexOf(index)),
    });
  };
  const cases: Case[] = [
    [
      'U3 without the client',
      'inconsistent-survivors',
      told({
        u3: toBitmap(
          vector.u3.filter((j) => j !== index),
          n,
        ),
      }),
    ],
    [
      'another root of headers',
      'inconsistent-survivors',
      told({ headersRoot: flipped(content.headersRoot) }),
    ],
    [
      'U3 below the floor',
      'below-floor',
      set(
        [index, ...vector.u3.filter((j) => j !== index)]
          .slice(0, terms.floor - 1)
          .sort((a, b) => a - b),
      ),
    ],
  ];
  const stranger = Array.from({ length: n }, (_, j) => j).find((j) => !vector.u2.includes(j));
  if (stranger !== undefined) {
    cases.push([
      'U3 with a client that is not in U2',
      'inconsistent-survivors',
      set([...vector.u3, stranger].sort((a, b) => a - b)),
    ]);
  }
  if (!terms.parameters.complete) {
    const half = terms.parameters.degree / 2;
    // Of some window without the client, as many are left out as break the rule and leave the floor.
    const { at } = terms.graph;
    const windows = at.map((_, from) => from);
    for (const from of windows) {
      const window = Array.from({ length: half }, (_, i) => at[(from + i) % n] as number);
      const gone = window.filter((j) => j !== index).slice(0, half - terms.parameters.window);
      const left = vector.u2.filter((j) => !gone.includes(j));
      if (window.includes(index) || left.length < terms.floor) continue;
      cases.push(['U3 with a gap on the ring', 'window-rule', set(left)]);
      break;
    }
  }
  return cases;
}

/** Downlinks to unmask. */
export async function quorumCases(
  of: Recorded,
  index: number,
  from: number,
): Promise<readonly Case[]> {
  const { terms, vector } = of;
  const content = decodeQuorumDownlink(
    terms,
    index,
    bytesIn(vector.clients[index]?.unmask?.downlink),
  );
  const n = terms.roster.clients.length;
  const told = (changed: Partial<QuorumDownlink>): Uint8Array =>
    encodeQuorumDownlink(terms, index, { ...content, ...changed });
  const signedBy = (signers: readonly number[]): Uint8Array =>
    told({
      signers: toBitmap(signers, n),
      signatures: Uint8Array.from(
        signers.flatMap((j) => [
          ...(vector.u3.includes(j) ? saidBy(of, j, 'confirm').signature : new Uint8Array(64)),
        ]),
      ),
    });
  const at = content.maskHeaders.findIndex(({ sender }) => sender === from);
  const header = content.maskHeaders[at] as SignedHeader;
  const instead = (said: SignedHeader): Uint8Array =>
    told({ maskHeaders: content.maskHeaders.map((one, i) => (i === at ? said : one)) });
  const masked = decodeMaskHeader(terms, header.header);
  const payload = decodeEnvelope(uplinkOf(of, from, 'mask'), { header: 1e6, payload: 1e6 }).payload;
  const changed = async (part: Partial<typeof masked>): Promise<Uint8Array> =>
    instead(
      (await resigned(of, 'mask', from, encodeMaskHeader({ ...masked, ...part }), payload)).said,
    );
  const outside = Array.from({ length: n }, (_, j) => j).find(
    (j) => !vector.u3.includes(j),
  ) as number;
  const otherSet = await resigned(
    of,
    'confirm',
    from,
    encodeConfirmHeader({
      u2Hash: masked.u2Hash,
      u3Hash: masked.u2Hash,
      headersRoot: masked.u2Hash,
    }),
  );
  const rank = vector.u3.indexOf(from);
  const split = [...vector.u3].map(
    (j) => (j === from ? otherSet.said : saidBy(of, j, 'confirm')).signature,
  );
  const most = 132 + commitmentsLength(terms);
  const long = async (length: number): Promise<Uint8Array> =>
    instead((await resigned(of, 'mask', from, new Uint8Array(length), payload)).said);
  const cases: Case[] = [
    ['a mask header that is as long as can be, and none', 'bad-downlink', await long(most)],
    ['a mask header that is too long', 'malformed', await long(most + 1)],
    ['a signature too few', 'bad-downlink', told({ signatures: content.signatures.subarray(64) })],
    [
      'a signer that is not in U3',
      'no-quorum',
      signedBy([...vector.u3, outside].sort((a, b) => a - b)),
    ],
    ['a signer less than the quorum', 'no-quorum', signedBy(vector.u3.slice(0, terms.quorum - 1))],
    [
      'a confirmation with a bit changed',
      'bad-signature',
      told({ signatures: flipped(content.signatures, 70) }),
    ],
    [
      `a neighbour that confirmed another set (signature ${rank})`,
      'bad-signature',
      told({
        signers: toBitmap(vector.u3, n),
        signatures: Uint8Array.from(split.flatMap((one) => [...one])),
      }),
    ],
    [
      'a mask header withheld',
      'missing-neighbour',
      told({ maskHeaders: content.maskHeaders.slice(1) }),
    ],
    [
      'a mask header with a bit of its signature changed',
      'bad-signature',
      instead({ ...header, signature: flipped(header.signature) }),
    ],
    [
      'a neighbour that was told another U2',
      'inconsistent-survivors',
      await changed({ u2Hash: flipped(masked.u2Hash) }),
    ],
  ];
  if (terms.commitments !== undefined) {
    const other = content.maskHeaders.find(({ sender }) => sender !== from) as SignedHeader;
    const { commitments } = decodeMaskHeader(terms, other.header);
    cases.push([
      'a neighbour with the commitments of another one',
      'bad-commitment',
      await changed({ commitments }),
    ]);
  }
  const isFar = (j: number): boolean => !areNeighbours(terms.graph, index, j);
  if (!terms.parameters.complete) {
    const far = vector.u3.filter(isFar);
    const near = vector.u3.filter((j) => !isFar(j)).slice(0, terms.parameters.threshold - 1);
    const signers = [...far, ...near].sort((a, b) => a - b);
    if (signers.length >= terms.quorum)
      cases.push(['a quorum with too few neighbours', 'no-quorum', signedBy(signers)]);
  }
  return cases;
}
