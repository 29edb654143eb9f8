import {
  type AdvertsDownlink,
  decodeAdvertsDownlink,
  decodeSharesDownlink,
  encodeAdvertsDownlink,
  encodeSharesDownlink,
  type SharesDownlink,
} from '../../../src/secagg/downlinks.ts';
import { areNeighbours } from '../../../src/secagg/graph.ts';
import {
  decodeAdvert,
  decodeShareHeader,
  encodeAdvert,
  encodeShareHeader,
} from '../../../src/secagg/messages.ts';
import { headerHash } from '../../../src/secagg/signed.ts';
import { u2Leaf } from '../../../src/secagg/survivors.ts';
import { toBitmap } from '../../../src/wire/bitmap.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
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

/** Faults of form, which are the same in every phase. */
export function formCases(downlink: Uint8Array): readonly Case[] {
  const items = decode(downlink, {
    what: 'downlink',
    maxBytes: downlink.length,
  }) as readonly never[];
  const with_ = (at: number, value: unknown): Uint8Array =>
    encode(items.map((item, i) => (i === at ? (value as never) : item)));
  return [
    ['the last byte is missing', 'truncated', downlink.subarray(0, -1)],
    ['a byte too many', 'trailing-bytes', Uint8Array.of(...downlink, 0)],
    [
      'the phase in two bytes',
      'non-canonical',
      Uint8Array.of(0x85, 1, 0x18, 2, ...downlink.subarray(3)),
    ],
    ['six items', 'malformed', encode([...items, 0])],
    [
      'a float for a version',
      'malformed',
      Uint8Array.of(0x85, 0xf9, 0x3c, 0, ...downlink.subarray(2)),
    ],
    ['version 2', 'unknown-version', with_(0, 2)],
    ['another phase', 'wrong-phase', with_(1, 3)],
    ['another round', 'wrong-round', with_(2, flipped(items[2] as unknown as Uint8Array))],
    ['for another client', 'wrong-recipient', with_(3, 1)],
  ];
}

const LOW_ORDER = Uint8Array.from(
  Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex'),
);

/** Downlinks to share. */
export async function advertCases(
  of: Recorded,
  index: number,
  from: number,
): Promise<readonly Case[]> {
  const { terms, vector } = of;
  const downlink = bytesIn(vector.clients[index]?.share?.downlink);
  const { adverts } = decodeAdvertsDownlink(terms, index, downlink);
  const at = adverts.findIndex(({ sender }) => sender === from);
  const told = (content: AdvertsDownlink['adverts']): Uint8Array =>
    encodeAdvertsDownlink(terms, index, { adverts: content });
  const instead = (said: SignedHeader): Uint8Array =>
    told(adverts.map((one, i) => (i === at ? said : one)));
  const advert = decodeAdvert(terms, (adverts[at] as SignedHeader).header);
  const signed = async (changed: Partial<typeof advert>): Promise<Uint8Array> =>
    instead((await resigned(of, 'advertise', from, encodeAdvert({ ...advert, ...changed }))).said);
  const other = decodeAdvert(terms, (adverts[at === 0 ? 1 : 0] as SignedHeader).header);
  const bad = advert.sealingKey.slice();
  bad.set(LOW_ORDER);
  const wide = advert.sealingKey.slice();
  wide[31] = (wide[31] as number) | 0x80;
  const many = await resigned(
    of,
    'advertise',
    from,
    encode([advert.sealingKey, advert.maskingKey, advert.context, 0]),
  );
  const said = adverts[at] as SignedHeader;
  const cases: Case[] = [
    [
      'an advert with a bit of its signature changed',
      'bad-signature',
      instead({ ...said, signature: flipped(said.signature) }),
    ],
    [
      'an advert in the name of another neighbour',
      'bad-signature',
      told(
        adverts.map((one, i) =>
          i === at ? { ...one, header: (adverts[at === 0 ? 1 : 0] as SignedHeader).header } : one,
        ),
      ),
    ],
    ['adverts out of order', 'bad-downlink', told([...adverts].reverse())],
    [
      'an advert of the client itself',
      'bad-downlink',
      told(
        [saidBy(of, index, 'advertise'), ...adverts.slice(1)].sort((a, b) => a.sender - b.sender),
      ),
    ],
    ['a signed advert with an item too many', 'bad-downlink', instead(many.said)],
    [
      'a signed advert with another context',
      'model-mismatch',
      await signed({ context: flipped(advert.context) }),
    ],
    ['a signed advert with a key of low order', 'bad-key', await signed({ sealingKey: bad })],
    [
      'a signed advert with a key that is not canonical',
      'bad-key',
      await signed({ sealingKey: wide }),
    ],
    [
      'a signed advert with the key of another neighbour',
      'bad-key',
      await signed({ maskingKey: other.maskingKey }),
    ],
    ['too few adverts', 'missing-neighbour', told(adverts.slice(0, 1))],
  ];
  if (terms.suite.name !== 'x25519') {
    const above = advert.maskingKey.slice();
    above.set([0xff, 0xff, 0xff], 32);
    cases.push([
      'a signed advert with a coefficient of 4095',
      'bad-key',
      await signed({ maskingKey: above }),
    ]);
  }
  return cases;
}

/** Downlinks to mask. */
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
