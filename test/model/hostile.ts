/**
 * Messages that should not be: mangled bytes, strangers, other rounds, and what a client that lies
 * signs with its own good key. Made with the library's own pieces, so that everything but the lie holds.
 */

import type { ReviewedPlan } from '../../src/client.ts';
import { restore, save } from '../../src/client.ts';
import { inMemorySigner, type Signer } from '../../src/index.ts';
import type { Claim } from '../../src/secagg/claim.ts';
import type { ClientState } from '../../src/secagg/client/state.ts';
import {
  decodeAdvert,
  decodeParts,
  decodeShareHeader,
  decodeSharePart,
  decodeUnmaskHeader,
  encodeAdvert,
  encodeParts,
  encodeShareHeader,
  encodeSharePart,
  encodeUnmaskHeader,
  messageLimits,
} from '../../src/secagg/messages.ts';
import { headerHash, signMessage } from '../../src/secagg/signed.ts';
import type { Terms } from '../../src/secagg/terms.ts';
import { type CborValue, decode, encode } from '../../src/wire/cbor.ts';
import { decodeEnvelope, type Envelope } from '../../src/wire/envelope.ts';
import { merkleRoot } from '../../src/wire/merkle.ts';
import type { Dice } from './dice.ts';
import { PHASES, type Phase } from './model.ts';

type Tree = Record<string, CborValue>;

export const open = (message: Uint8Array): Envelope =>
  decodeEnvelope(message, { header: 2 ** 20, payload: 2 ** 24 });

export function flipped(dice: Dice, bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const at = dice.int(0, out.length - 1);
  out[at] = (out[at] as number) ^ (1 << dice.int(0, 7));
  return out;
}

/** The same bytes but for the first bit. */
const turned = (bytes: Uint8Array): Uint8Array => {
  const out = bytes.slice();
  out[0] = (out[0] as number) ^ 1;
  return out;
};

/** Bytes that came from nobody on the roster, or are not whole; `forged` is the expected code. */
export async function forgery(
  dice: Dice,
  terms: Terms,
  of: { readonly phase: Phase; readonly message: Uint8Array; readonly signer: Signer },
): Promise<{ readonly kind: string; readonly forged: string; readonly bytes: Uint8Array }> {
  const { message, phase } = of;
  const { sender, header, payload } = open(message);
  switch (dice.int(0, 6)) {
    case 0:
      return {
        kind: 'truncated',
        forged: 'truncated',
        bytes: message.slice(0, dice.int(0, message.length - 1)),
      };
    case 1:
      return { kind: 'padded', forged: '*', bytes: Uint8Array.of(...message, dice.int(0, 255)) };
    case 2: {
      const other = { ...terms, roundId: dice.bytes(32) };
      const old = await signMessage(other, phase, sender, of.signer, header, payload);
      return { kind: 'of another round', forged: 'wrong-round', bytes: old.message };
    }
    case 3: {
      const said = await signMessage(terms, phase, sender, inMemorySigner(), header, payload);
      return { kind: 'by a stranger', forged: 'bad-signature', bytes: said.message };
    }
    case 4: {
      const beyond = terms.roster.clients.length + dice.int(0, 3);
      const said = await signMessage(terms, phase, beyond, of.signer, header, payload);
      return { kind: 'of nobody', forged: 'not-on-roster', bytes: said.message };
    }
    case 5:
      return { kind: 'oversized', forged: 'too-large', bytes: new Uint8Array(2 ** 20) };
    default:
      return { kind: 'flipped', forged: '*', bytes: flipped(dice, message) };
  }
}

/** A message that its sender signs although it means something else: unknown content, good signature. */
export const nonsense = async (
  terms: Terms,
  phase: Phase,
  sender: number,
  signer: Signer,
  dice: Dice,
): Promise<Uint8Array> =>
  (await signMessage(terms, phase, sender, signer, encode([dice.bytes(5)]))).message;

/** A lie, and what the model has to know of it. */
export type Lie = {
  readonly bytes: Uint8Array;
  readonly wrong?: string;
  readonly forged?: string;
  readonly shut?: readonly number[];
  readonly crooked?: 'self' | 'masking';
  readonly reveals?: readonly number[];
  readonly reports?: readonly number[];
  readonly keys?: readonly string[];
  /** What the liar has to remember so that the rest of its round holds. */
  readonly patch?: Tree;
};

/** What a liar may do in each phase with its honest message in hand. */
export const LIES: Readonly<Record<Phase, readonly string[]>> = {
  advertise: ['other model', 'twice the same key', 'stolen keys', 'low-order key', 'short header'],
  share: ['part missing', 'root of others', 'closed boxes', 'wrong hashes', 'wrong commitment'],
  mask: ['other U2', 'short vector', 'long vector'],
  confirm: ['other U3', 'other headers'],
  unmask: ['wrong own share', 'wrong shares', 'shares withheld', 'dealer missing'],
};

type Liar = {
  readonly dice: Dice;
  readonly terms: Terms;
  readonly signer: Signer;
  readonly honest: Uint8Array;
  /** Another client's honest message of the same phase, if one is known. */
  readonly other: Uint8Array | undefined;
};

/** Turns an honest message into a validly signed lie. */
export async function lie(kind: string, liar: Liar): Promise<Lie> {
  const { dice, terms, signer } = liar;
  const message = open(liar.honest);
  const { sender, header, payload } = message;
  const phase = PHASES[message.phase - 1] as Phase;
  const say = async (head: Uint8Array, body: Uint8Array = payload) =>
    signMessage(terms, phase, sender, signer, head, body);
  const as = async (wrong: string, head: Uint8Array, body?: Uint8Array): Promise<Lie> => ({
    bytes: (await say(head, body)).message,
    wrong,
  });
  const list = (): CborValue[] => decode(header, { what: 'header', maxBytes: 2 ** 20 }) as never;

  switch (kind) {
    case 'other model':
      return as(
        'model-mismatch',
        encodeAdvert({ ...decodeAdvert(terms, header), context: dice.bytes(32) }),
      );
    case 'twice the same key': {
      const advert = decodeAdvert(terms, header);
      return as('bad-key', encodeAdvert({ ...advert, maskingKey: advert.sealingKey }));
    }
    case 'low-order key': {
      const advert = decodeAdvert(terms, header);
      const low = advert.maskingKey.slice();
      low.fill(0, 0, 32);
      return as('bad-key', encodeAdvert({ ...advert, maskingKey: low }));
    }
    case 'stolen keys': {
      if (liar.other === undefined) return as('truncated', header.slice(0, -1));
      const theirs = open(liar.other);
      const { bytes } = await as('', theirs.header);
      return { bytes, keys: [`${theirs.sender}/sealing`, `${theirs.sender}/masking`] };
    }
    case 'short header':
      return as('truncated', header.slice(0, -1));

    case 'part missing': {
      const parts = decodeParts(terms, payload).slice(1);
      const head = {
        ...decodeShareHeader(terms, header),
        partsRoot: merkleRoot(parts),
        partCount: parts.length,
      };
      return as('bad-share', encodeShareHeader(head), encodeParts(parts));
    }
    case 'root of others':
      return as(
        'bad-share',
        encodeShareHeader({ ...decodeShareHeader(terms, header), partsRoot: dice.bytes(32) }),
      );
    case 'wrong commitment': {
      const head = { ...decodeShareHeader(terms, header), commitment: dice.bytes(32) };
      const { message: bytes, said } = await say(encodeShareHeader(head));
      return { bytes, crooked: 'self', patch: { shareHash: headerHash(terms, 'share', said) } };
    }
    case 'closed boxes':
    case 'wrong hashes': {
      const shut: number[] = [];
      const share = dice.pick([0.2, 0.6, 1]);
      const parts = decodeParts(terms, payload).map((encoded) => {
        if (!dice.chance(share)) return encoded;
        const part = decodeSharePart(terms, encoded);
        shut.push(part.holder);
        const name =
          kind === 'closed boxes' ? 'box' : dice.pick(['selfHash', 'maskingHash'] as const);
        return encodeSharePart({ ...part, [name]: turned(part[name]) });
      });
      const head = { ...decodeShareHeader(terms, header), partsRoot: merkleRoot(parts) };
      const { message: bytes, said } = await say(encodeShareHeader(head), encodeParts(parts));
      return { bytes, shut, patch: { shareHash: headerHash(terms, 'share', said) } };
    }

    case 'other U2':
    case 'other U3': {
      const fields = list();
      return as('inconsistent-survivors', encode([dice.bytes(32), ...fields.slice(1)]));
    }
    case 'other headers': {
      const fields = list();
      return as(
        'inconsistent-survivors',
        encode([...fields.slice(0, 2), dice.bytes(32), ...fields.slice(3)]),
      );
    }
    case 'short vector':
      return as('truncated', header, payload.slice(0, -1));
    case 'long vector': {
      const most = Math.max(...PHASES.map((of) => messageLimits(terms, of).payload));
      const long = await as('too-large', header, Uint8Array.of(...payload, 0));
      // Beyond the most that any phase allows it is not even read: nobody is accused.
      return payload.length < most ? long : { bytes: long.bytes, forged: 'too-large' };
    }

    default: {
      const answer = decodeUnmaskHeader(terms, header);
      const held = answer.shares.flatMap(({ dealer, share }) =>
        share === undefined ? [] : [dealer],
      );
      const chosen = new Set(held.filter(() => dice.chance(0.5)).concat(held.slice(0, 1)));
      const shut = answer.shares.flatMap(({ dealer, share }) =>
        share === undefined ? [dealer] : [],
      );
      const rest = held.filter((dealer) => !chosen.has(dealer));
      const shares = (of: (share: Uint8Array) => Uint8Array | undefined) =>
        answer.shares.map((revealed) =>
          chosen.has(revealed.dealer)
            ? { ...revealed, share: of(revealed.share as Uint8Array) }
            : revealed,
        );
      switch (kind) {
        case 'wrong own share':
          return as('bad-share', encodeUnmaskHeader({ ...answer, own: turned(answer.own) }));
        case 'dealer missing':
          return as('bad-share', encodeUnmaskHeader({ ...answer, shares: answer.shares.slice(1) }));
        case 'wrong shares': {
          const { bytes } = await as('', encodeUnmaskHeader({ ...answer, shares: shares(turned) }));
          return {
            bytes,
            reveals: rest,
            reports: shut,
            ...(chosen.size > 0 ? { wrong: 'bad-share' } : {}),
          };
        }
        default: {
          const { bytes } = await as(
            '',
            encodeUnmaskHeader({ ...answer, shares: shares(() => undefined) }),
          );
          return { bytes, reveals: rest, reports: [...shut, ...chosen] };
        }
      }
    }
  }
}

/** Restores a saved state with some of its memory replaced: how a liar keeps its story straight. */
export function patched(
  plan: ReviewedPlan,
  state: ClientState,
  memory: Tree,
  by: { readonly signer: Signer; readonly claim: Claim },
): ClientState {
  const saved = save(state);
  const tree = decode(saved, { what: 'saved', maxBytes: saved.length }) as Tree;
  return restore(plan, encode({ ...tree, memory: { ...(tree.memory as Tree), ...memory } }), by);
}

/** What a saved state remembers. */
export const memoryOf = (state: ClientState): Tree => {
  const saved = save(state);
  return (decode(saved, { what: 'saved', maxBytes: saved.length }) as Tree).memory as Tree;
};

/** A downlink with its content, or the round it names, replaced. */
export function redone(
  downlink: Uint8Array,
  change: {
    readonly roundId?: Uint8Array;
    readonly content?: (fields: CborValue[]) => CborValue[];
  },
): Uint8Array {
  const [version, phase, roundId, to, content] = decode(downlink, {
    what: 'downlink',
    maxBytes: downlink.length,
  }) as CborValue[];
  const fields = change.content?.(content as CborValue[]) ?? content;
  return encode([version, phase, change.roundId ?? roundId, to, fields] as CborValue[]);
}
