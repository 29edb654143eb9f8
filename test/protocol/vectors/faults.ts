/** Uplinks that a coordinator must refuse: recorded ones, changed and mostly signed anew. */
import type { Fields, Noise, Plan } from 'veilsum';
import * as coordinator from 'veilsum/coordinator';
import type { Receipt } from 'veilsum/dp';
import {
  decodeAdvert,
  decodeMaskHeader,
  decodeParts,
  decodeShareHeader,
  decodeUnmaskHeader,
  encodeAdvert,
  encodeMaskHeader,
  encodeParts,
  encodeShareHeader,
  encodeUnmaskHeader,
} from '../../../src/secagg/messages.ts';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { decode, encode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope } from '../../../src/wire/envelope.ts';
import { merkleRoot } from '../../../src/wire/merkle.ts';
import { base64 } from './hex.ts';
import { receiptFor } from './play.ts';
import { flipped, type Recorded, resigned, uplinkOf } from './recorded.ts';
import type { Fault } from './types.ts';

type Case = readonly [
  phase: Phase,
  what: string,
  code: string,
  uplink: Uint8Array,
  after?: readonly number[],
];

/** A coordinator at the start of a phase, all uplinks of the phases before taken in. */
async function coordinatorAt(of: Recorded, phase: Phase): Promise<coordinator.CoordinatorState> {
  const { stage, vector } = of;
  let state: unknown = coordinator.begin(stage.plan as unknown as Plan<Fields, Noise>, {
    context: stage.context,
    beacon: stage.beacon,
    receipt: (await receiptFor(stage.plan)) as Receipt,
  });
  for (const earlier of PHASES.slice(0, PHASES.indexOf(phase))) {
    for (const { index } of vector.clients.filter((client) => client[earlier] !== undefined)) {
      coordinator.accept(state as never, uplinkOf(of, index, earlier) as never);
    }
    state = coordinator.close(state as coordinator.CoordinatorState<'share'>).next;
  }
  return state as coordinator.CoordinatorState;
}

async function refused(
  of: Recorded,
  [phase, what, code, uplink, after = []]: Case,
): Promise<Fault> {
  const state = await coordinatorAt(of, phase);
  for (const index of after) {
    const fault = coordinator.accept(state, uplinkOf(of, index, phase) as never);
    if (fault !== undefined) throw new Error(`${what}: ${fault.message}`);
  }
  const got = coordinator.accept(state, uplink as never);
  if (got?.code !== code) throw new Error(`${what}: expected ${code}, got ${got?.code}`);
  const proven = got.culprit !== undefined;
  const round = `round-${of.stage.name}`;
  return { what, round, phase, after, uplink: base64(uplink), code, proven };
}

const LIMITS = { header: 1e6, payload: 1e6 };

/** The faults of the round of three fields. */
export async function faultsOf(of: Recorded): Promise<readonly Fault[]> {
  const { terms, vector } = of;
  const signed = async (phase: Phase, i: number, header: Uint8Array, payload?: Uint8Array) =>
    (await resigned(of, phase, i, header, payload)).message;
  const sent = (index: number, phase: Phase) => decodeEnvelope(uplinkOf(of, index, phase), LIMITS);
  const first = uplinkOf(of, 0, 'advertise');
  const items = decode(first, { what: 'uplink', maxBytes: first.length }) as readonly never[];
  const with_ = (at: number, value: unknown): Uint8Array =>
    encode(items.map((item, i) => (i === at ? (value as never) : item)));
  const [own, other] = [0, 1].map((i) => decodeAdvert(terms, sent(i, 'advertise').header));
  const advert = own as NonNullable<typeof own>;
  const adverts = async (changed: Partial<typeof advert>): Promise<Uint8Array> =>
    signed('advertise', 0, encodeAdvert({ ...advert, ...changed }));

  const shared = sent(0, 'share');
  const shareHeader = decodeShareHeader(terms, shared.header);
  const parts = decodeParts(terms, shared.payload.slice());
  const sharing = async (list: readonly Uint8Array[], partsRoot = merkleRoot(list)) =>
    signed(
      'share',
      0,
      encodeShareHeader({ ...shareHeader, partsRoot, partCount: list.length }),
      encodeParts(list),
    );

  const masked = sent(0, 'mask');
  const masking = async (payload: Uint8Array) => signed('mask', 0, masked.header, payload);
  const padded = masked.payload.slice();
  padded[padded.length - 1] = (padded.at(-1) as number) | 0x80;
  const maskHeader = decodeMaskHeader(terms, masked.header);

  const answer = decodeUnmaskHeader(terms, sent(0, 'unmask').header);
  const [share, ...shares] = answer.shares;
  const wrongShare = {
    dealer: share?.dealer as number,
    share: flipped(share?.share as Uint8Array),
  };
  const answering = async (changed: Partial<typeof answer>) =>
    signed('unmask', 0, encodeUnmaskHeader({ ...answer, ...changed }));
  const gone = vector.u2.find((j) => !vector.u3.includes(j)) as number;

  const cases: readonly Case[] = [
    ['advertise', 'half a message', 'truncated', first.subarray(0, 90)],
    ['advertise', 'a byte too many', 'trailing-bytes', Uint8Array.of(...first, 0)],
    ['advertise', 'version 2', 'unknown-version', with_(0, 2)],
    ['advertise', 'another round', 'wrong-round', with_(2, new Uint8Array(32))],
    ['advertise', 'a message of the next phase', 'wrong-phase', uplinkOf(of, 0, 'share')],
    ['advertise', 'an index beyond the roster', 'not-on-roster', with_(3, 5)],
    ['advertise', 'in the name of another client', 'bad-signature', with_(3, 1)],
    [
      'advertise',
      'another context',
      'model-mismatch',
      await adverts({ context: new Uint8Array(32) }),
    ],
    ['advertise', 'a key of zero', 'bad-key', await adverts({ sealingKey: new Uint8Array(32) })],
    [
      'advertise',
      'twice the same key',
      'bad-key',
      await adverts({ sealingKey: advert.maskingKey }),
    ],
    [
      'advertise',
      'the key of a client that came before',
      'bad-key',
      await adverts({ maskingKey: other?.maskingKey as Uint8Array }),
      [1],
    ],
    [
      'advertise',
      'a second, different advert',
      'equivocation',
      await adverts({ sealingKey: other?.sealingKey as Uint8Array }),
      [0],
    ],
    [
      'share',
      'parts under another root',
      'bad-share',
      await sharing(parts, flipped(shareHeader.partsRoot)),
    ],
    ['share', 'a part too few', 'bad-share', await sharing(parts.slice(1))],
    ['share', 'parts out of order', 'bad-share', await sharing(parts.toReversed())],
    ['mask', 'a byte too few', 'truncated', await masking(masked.payload.subarray(0, -1))],
    ['mask', 'a byte too many', 'too-large', await masking(Uint8Array.of(...masked.payload, 0))],
    ['mask', 'a padding bit', 'non-canonical', await masking(padded)],
    [
      'mask',
      'under another U2',
      'inconsistent-survivors',
      await signed(
        'mask',
        0,
        encodeMaskHeader({ ...maskHeader, u2Hash: new Uint8Array(32) }),
        masked.payload,
      ),
    ],
    [
      'confirm',
      'of another set',
      'inconsistent-survivors',
      await signed(
        'confirm',
        0,
        encode([new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)]),
      ),
    ],
    [
      'confirm',
      'of a client that is not in U3',
      'not-expected',
      await signed('confirm', gone, sent(0, 'confirm').header),
    ],
    [
      'unmask',
      'a share that fails its hash',
      'bad-share',
      await answering({ shares: [wrongShare, ...shares] }),
    ],
    [
      'unmask',
      'an own share that fails its hash',
      'bad-share',
      await answering({ own: flipped(answer.own) }),
    ],
    ['unmask', 'a dealer too few', 'bad-share', await answering({ shares })],
  ];
  return Promise.all(cases.map((one) => refused(of, one)));
}

/** That of commitments. */
export async function commitmentFaults(of: Recorded): Promise<readonly Fault[]> {
  const { header, payload } = decodeEnvelope(uplinkOf(of, 1, 'mask'), LIMITS);
  const read = decodeMaskHeader(of.terms, header);
  const changed = encodeMaskHeader({ ...read, commitments: flipped(read.commitments) });
  const { message } = await resigned(of, 'mask', 1, changed, payload);
  return [
    await refused(of, ['mask', 'commitments that were not promised', 'bad-commitment', message]),
  ];
}
