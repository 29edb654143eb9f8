/** Section 6: uplinks, signed headers, downlinks. */
import { bytes, decode, encode, int, list, type Value } from './cbor.ts';
import { commitmentsLength, limbCount } from './commitments.ts';
import { sign, verified } from './ed25519.ts';
import type { Client, Round } from './plan.ts';
import { ascii, EMPTY, H, HLP, LP, same, u32 } from './primitives.ts';
import { must } from './refused.ts';

/** What others see of an uplink. */
export type Signed = {
  readonly sender: number;
  readonly header: Uint8Array;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
};

const content = (round: Round, phase: number, of: Omit<Signed, 'signature'>): Uint8Array =>
  LP(
    ascii('veilsum/v1 message'),
    round.roundId,
    Uint8Array.of(phase),
    u32(of.sender),
    of.header,
    of.digest,
  );

export const headerHash = (round: Round, phase: number, of: Signed): Uint8Array =>
  HLP('veilsum/v1 signed header', content(round, phase, of), of.signature);

/** An uplink, and the hash of its signed header. */
export function uplink(
  me: { readonly round: Round; readonly index: number; readonly privateKey: Uint8Array },
  phase: number,
  header: Uint8Array,
  payload: Uint8Array = EMPTY,
): { readonly message: Uint8Array; readonly hash: Uint8Array } {
  const { round, index: sender } = me;
  const digest = payload.length === 0 ? EMPTY : H(payload);
  const signature = sign(me.privateKey, content(round, phase, { sender, header, digest }));
  const message = encode([1, phase, round.roundId, sender, header, signature, payload]);
  return { message, hash: headerHash(round, phase, { sender, header, digest, signature }) };
}

export const isSigned = (round: Round, phase: number, said: Signed): boolean =>
  verified((round.clients[said.sender] as Client).key, content(round, phase, said), said.signature);

/** Greatest lengths of headers: 6.4. */
const mostOf = (round: Round, phase: number): number =>
  [0, 2 * round.suite.pk + 64, 192, 132 + commitmentsLength(round)][phase] as number;

/** The form of a signed header of a phase from 1 to 3. */
export function readSigned(round: Round, phase: number, value: Value | undefined): Signed {
  const [sender, header, digest, signature] = list(value, 4);
  const said = {
    sender: int(sender, 0, round.parameters.n - 1),
    header: bytes(header),
    digest: bytes(digest, phase === 1 ? 0 : 32),
    signature: bytes(signature, 64),
  };
  must(said.header.length <= mostOf(round, phase), 'malformed', 'header too long');
  return said;
}

/** A downlink's content. */
export function readDownlink(
  { round, index }: { readonly round: Round; readonly index: number },
  phase: number,
  downlink: Uint8Array,
  items: number,
): readonly Value[] {
  const { parameters, suite } = round;
  const each = 2 * suite.pk + 2 * suite.ct + commitmentsLength(round) + 2048;
  const most = 4096 + parameters.k * each + 66 * parameters.n;
  const [version, number, roundId, recipient, inner] = list(decode(downlink, most), 5);
  const whole = 2 ** 32 - 1;
  must(int(version, 0, whole) === 1, 'unknown-version', 'downlink');
  must(same(bytes(roundId, 32), round.roundId), 'wrong-round', 'downlink');
  must(int(number, 0, 255) === phase, 'wrong-phase', 'downlink');
  must(int(recipient, 0, whole) === index, 'wrong-recipient', 'downlink');
  return list(inner, items);
}

/** Names and widths of the vectors of a round. */
export const vectorsOf = (
  round: Round,
): readonly { readonly name: string; readonly d: number; readonly b: number }[] => [
  ...round.fields.map(({ name, d, b }) => ({ name, d, b })),
  ...(round.hasCommitments ? [{ name: 'Blindings', d: limbCount(round), b: 32 }] : []),
];
