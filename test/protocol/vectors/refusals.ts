/** Downlinks that a client must refuse: true ones of the recorded rounds, changed in one place. */
import { VeilsumError } from 'veilsum';
import { CodecError } from '../../../src/errors.ts';
import { type AnyPlan, termsOf } from '../../../src/round/plan.ts';
import {
  type AdvertsDownlink,
  decodeAdvertsDownlink,
  decodeQuorumDownlink,
  decodeSharesDownlink,
  decodeSurvivorsDownlink,
  encodeAdvertsDownlink,
  encodeQuorumDownlink,
  encodeSharesDownlink,
  encodeSurvivorsDownlink,
  type QuorumDownlink,
  type SharesDownlink,
  type SurvivorsDownlink,
} from '../../../src/secagg/downlinks.ts';
import { areNeighbours } from '../../../src/secagg/graph.ts';
import {
  decodeAdvert,
  decodeMaskHeader,
  decodeShareHeader,
  encodeAdvert,
  encodeConfirmHeader,
  encodeMaskHeader,
  encodeShareHeader,
} from '../../../src/secagg/messages.ts';
import type { Phase } from '../../../src/secagg/phases.ts';
import { headerHash, signMessage } from '../../../src/secagg/signed.ts';
import { u2Leaf } from '../../../src/secagg/survivors.ts';
import type { Terms } from '../../../src/secagg/terms.ts';
import { toBitmap } from '../../../src/wire/bitmap.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope, type SignedHeader } from '../../../src/wire/envelope.ts';
import { inclusionPath, merkleTree } from '../../../src/wire/merkle.ts';
import { ANSWERS, base64, entered, type Stepped, stepped } from './play.ts';
import type { Seeded } from './seeded.ts';
import type { Actor, Stage } from './stage.ts';
import type { Refusal, RoundVector } from './types.ts';

export const bytesIn = (text = ''): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** A recorded round with what it was made of. */
export type Recorded = {
  readonly stage: Stage;
  readonly vector: RoundVector;
  readonly terms: Terms;
};

export const recorded = (stage: Stage, vector: RoundVector): Recorded => ({
  stage,
  vector,
  terms: termsOf(stage.plan as AnyPlan, stage.beacon),
});

/** The uplink that a client sent in a phase. */
export const uplinkOf = ({ vector }: Recorded, index: number, phase: Phase): Uint8Array =>
  bytesIn(vector.clients[index]?.[phase]?.uplink);

/** What others see of that uplink. */
export function saidBy(of: Recorded, index: number, phase: Phase): SignedHeader {
  const uplink = uplinkOf(of, index, phase);
  const limits = { header: uplink.length, payload: uplink.length };
  return decodeEnvelope(uplink, limits);
}

/** Another header, validly signed by its sender, with the payload digest of what it really said. */
export async function resigned(
  { terms, stage }: Recorded,
  phase: Phase,
  index: number,
  header: Uint8Array,
  payload?: Uint8Array,
): Promise<{ readonly message: Uint8Array; readonly said: SignedHeader }> {
  const { signer } = stage.actors[index] as Actor;
  return signMessage(terms, phase, index, signer, header, payload);
}

export const flipped = (bytes: Uint8Array, at = 0): Uint8Array => {
  const out = bytes.slice();
  out[at] = (out[at] as number) ^ 1;
  return out;
};

type Answering = (typeof ANSWERS)[number];

/** A client as it was before it answered a phase. */
async function before({ stage, vector }: Recorded, index: number, phase: Answering) {
  const actor = stage.actors[index] as Actor;
  let last: Seeded<Stepped> = await entered(stage, actor);
  for (const earlier of ANSWERS.slice(0, ANSWERS.indexOf(phase))) {
    const downlink = bytesIn(vector.clients[index]?.[earlier]?.downlink);
    last = await stepped(stage, actor, earlier, last.value.next, downlink);
  }
  return { actor, state: last.value.next };
}

/** Gives a changed downlink to this library's client, and writes down how it refuses. */
async function refusal(
  of: Recorded,
  index: number,
  phase: Answering,
  [what, code, downlink]: readonly [string, string, Uint8Array],
): Promise<Refusal> {
  const { actor, state } = await before(of, index, phase);
  let got: unknown;
  try {
    await stepped(of.stage, actor, phase, state, downlink);
  } catch (error) {
    got = error;
  }
  if (!(got instanceof VeilsumError) || got.code !== code) {
    throw new Error(`${what}: expected ${code}, got ${got}`);
  }
  const { name: round } = of.stage;
  const leaves = !(got instanceof CodecError);
  return {
    what,
    round: `round-${round}`,
    client: index,
    phase,
    downlink: base64(downlink),
    code,
    leaves,
  };
}

type Case = readonly [what: string, code: string, downlink: Uint8Array];

/** Faults of form, which are the same in every phase. */
function formCases(downlink: Uint8Array): readonly Case[] {
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

async function advertCases(of: Recorded, index: number, from: number): Promise<readonly Case[]> {
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

async function shareCases(of: Recorded, index: number, from: number): Promise<readonly Case[]> {
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
  return [
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
}

function survivorCases(of: Recorded, index: number): readonly Case[] {
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

async function quorumCases(of: Recorded, index: number, from: number): Promise<readonly Case[]> {
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
  const cases: Case[] = [
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

/** All refusals of a round, of one client in every phase; `from` is a neighbour of it in U3. */
export async function refusalsOf(
  of: Recorded,
  index: number,
  from: number,
  wanted: (what: string) => boolean = () => true,
): Promise<readonly Refusal[]> {
  const first = bytesIn(of.vector.clients[index]?.share?.downlink);
  const cases: readonly (readonly [Answering, readonly Case[]])[] = [
    ['share', [...formCases(first), ...(await advertCases(of, index, from))]],
    ['mask', await shareCases(of, index, from)],
    ['confirm', survivorCases(of, index)],
    ['unmask', await quorumCases(of, index, from)],
  ];
  const out: Refusal[] = [];
  for (const [phase, list] of cases) {
    for (const one of list.filter(([what]) => wanted(what))) {
      out.push(await refusal(of, index, phase, one));
    }
  }
  return out;
}
