/** Downlinks to mask, changed in one place. */
import {
  decodeSharesDownlink,
  encodeSharesDownlink,
  type SharesDownlink,
} from '../../../src/secagg/downlinks.ts';
import { areNeighbours } from '../../../src/secagg/graph.ts';
import { decodeShareHeader, encodeShareHeader } from '../../../src/secagg/messages.ts';
import { headerHash } from '../../../src/secagg/signed.ts';
import { u2Leaf } from '../../../src/secagg/survivors.ts';
import { toBitmap } from '../../../src/wire/bitmap.ts';
import { decode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
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

/** U2, share headers and parts that are not what they should be. */
export async function shareCases(
  of: Recorded,
  index: number,
  from: number,
): Promise<readonly Case[]> {
  const { terms, vector } = of;
  const content = decodeSharesDownlink(
    terms,
    index,
    bytesIn(vector.clients[index]?.mask?.downlink),
  );
  const told = (changed: Partial<SharesDownlink>): Uint8Array =>
    encodeSharesDownlink(terms, index, { ...content, ...changed });
  const at = content.neighbours.findIndex(({ header }) => header.sender === from);
  type Neighbour = SharesDownlink['neighbours'][number];
  const entry = content.neighbours[at] as Neighbour;
  const instead = (changed: Partial<Neighbour>): Uint8Array =>
    told({
      neighbours: content.neighbours.map((one, i) => (i === at ? { ...one, ...changed } : one)),
    });
  const n = terms.roster.clients.length;
  const leaf = (j: number): Uint8Array =>
    u2Leaf(
      j,
      headerHash(terms, 'advertise', saidBy(of, j, 'advertise')),
      headerHash(terms, 'share', saidBy(of, j, 'share')),
    );
  const few = [index, from].sort((a, b) => a - b);
  const small = merkleTree(few.map(leaf));
  const header = decodeShareHeader(terms, entry.header.header);
  const payload = decodeEnvelope(uplinkOf(of, from, 'share'), {
    header: 1e6,
    payload: 1e6,
  }).payload;
  const second = await resigned(
    of,
    'share',
    from,
    encodeShareHeader({ ...header, commitment: flipped(header.commitment) }),
    payload,
  );
  const parts = decode(payload, { what: 'parts', maxBytes: 1e6 }) as readonly Uint8Array[];
  const elsewhere = (entry.partIndex + 1) % parts.length;
  const beyond = content.u2.slice();
  beyond[beyond.length - 1] = (beyond.at(-1) as number) | 0x80;
  const cases: Case[] = [
    ['a bit of U2 beyond the roster', 'non-canonical', told({ u2: beyond })],
    [
      'U2 without the client',
      'inconsistent-survivors',
      told({
        u2: toBitmap(
          vector.u2.filter((j) => j !== index),
          n,
        ),
      }),
    ],
    ['another root of U2', 'inconsistent-survivors', told({ u2Root: flipped(content.u2Root) })],
    [
      'an own path with a hash changed',
      'inconsistent-survivors',
      told({ ownPath: content.ownPath.map((hash) => flipped(hash)) }),
    ],
    [
      'an own path with a hash too many',
      'inconsistent-survivors',
      told({ ownPath: [...content.ownPath, content.u2Root] }),
    ],
    [
      'U2 of two clients',
      'no-quorum',
      told({
        u2: toBitmap(few, n),
        u2Root: small.root,
        ownPath: inclusionPath(small, few.indexOf(index)),
        neighbours: [],
      }),
    ],
    [
      'a neighbour withheld',
      'missing-neighbour',
      told({ neighbours: content.neighbours.slice(1) }),
    ],
    [
      'a share header with a bit of its signature changed',
      'bad-signature',
      instead({ header: { ...entry.header, signature: flipped(entry.header.signature) } }),
    ],
    [
      'a second share header of a neighbour',
      'inconsistent-survivors',
      instead({ header: second.said }),
    ],
    [
      'the part for another holder',
      'bad-downlink',
      instead({
        part: parts[elsewhere] as Uint8Array,
        partIndex: elsewhere,
        partPath: inclusionPath(merkleTree(parts), elsewhere),
      }),
    ],
    [
      'a part with a bit of its box changed',
      'bad-downlink',
      instead({ part: flipped(entry.part, 20) }),
    ],
    [
      'a path in U2 with a hash changed',
      'inconsistent-survivors',
      instead({ u2Path: entry.u2Path.map((hash) => flipped(hash)) }),
    ],
  ];
  if (!terms.parameters.complete) cases.push(sparseCase(of, index, leaf));
  return cases;
}

/** U2 with all who are no neighbours of the client, and of those one less than the threshold. */
function sparseCase(
  { terms, vector }: Recorded,
  index: number,
  leaf: (j: number) => Uint8Array,
): Case {
  const downlink = bytesIn(vector.clients[index]?.mask?.downlink);
  const content = decodeSharesDownlink(terms, index, downlink);
  const isNear = (j: number): boolean => areNeighbours(terms.graph, index, j);
  const near = vector.u2.filter(isNear).slice(0, terms.parameters.threshold - 1);
  const u2 = vector.u2.filter((j) => !isNear(j) || near.includes(j));
  const tree = merkleTree(u2.map(leaf));
  const pathOf = (j: number): readonly Uint8Array[] => inclusionPath(tree, u2.indexOf(j));
  const told = encodeSharesDownlink(terms, index, {
    u2: toBitmap(u2, terms.roster.clients.length),
    u2Root: tree.root,
    ownPath: pathOf(index),
    neighbours: content.neighbours
      .filter(({ header }) => near.includes(header.sender))
      .map((one) => ({ ...one, u2Path: pathOf(one.header.sender) })),
  });
  return ['U2 with too few neighbours', 'missing-neighbour', told];
}
