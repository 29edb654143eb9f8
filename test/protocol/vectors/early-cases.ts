import {
  type AdvertsDownlink,
  decodeAdvertsDownlink,
  encodeAdvertsDownlink,
} from '../../../src/secagg/downlinks.ts';
import { decodeAdvert, encodeAdvert } from '../../../src/secagg/messages.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import type { SignedHeader } from '../../../src/wire/envelope.ts';
import { bytesIn, type Case, flipped, type Recorded, resigned, saidBy } from './recorded.ts';

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
