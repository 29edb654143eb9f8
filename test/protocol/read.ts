/** Reads test/vectors/protocol for the second client, and takes it to any point of a recorded round. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Advertised,
  advertise,
  type Confirmed,
  confirm,
  type Masked,
  type Me,
  mask,
  type Said,
  type Shared,
  share,
  unmask,
} from './second/client.ts';
import { type Round, readPlan } from './second/plan.ts';
import { EMPTY } from './second/primitives.ts';
import type { ClientVector, RoundVector } from './vectors/types.ts';

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
export const base64 = (text = ''): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

const folder: string = join(import.meta.dirname, '../vectors/protocol');

/** A file of vectors. */
export const vectors = <T>(name: string): T =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T;

/** The files that hold rounds. */
export const ROUND_FILES = [
  'round-x25519',
  'round-hybrid',
  'round-sparse',
  'round-committed',
  'round-lattice',
] as const;

const read = new Map<string, Round>();

/** The plan of a recorded round, read once. */
export function roundOf({ plan, voucher, beacon }: RoundVector): Round {
  const round = read.get(plan) ?? readPlan(base64(plan), hex(voucher), hex(beacon));
  read.set(plan, round);
  return round;
}

/** A client of a recorded round, as the second implementation plays it. */
export function meIn(vector: RoundVector, { index, privateKey }: ClientVector): Me {
  const round = roundOf(vector);
  return { round, index, privateKey: hex(privateKey), context: hex(vector.context) };
}

/** The phases in their order. */
export const PHASES = ['advertise', 'share', 'mask', 'confirm', 'unmask'] as const;
export type Phase = (typeof PHASES)[number];

/** Takes one step with what was recorded; with another downlink, if one is given. */
export function stepped(
  me: Me,
  of: ClientVector,
  phase: Phase,
  state: unknown,
  downlink: Uint8Array = base64(of[phase]?.downlink),
): Said<unknown> {
  const { encoding } = of;
  const dealt = of.share as NonNullable<ClientVector['share']>;
  switch (phase) {
    case 'advertise':
      return advertise(
        me,
        hex(of.advertise?.sealingSeed ?? ''),
        hex(of.advertise?.maskingSeed ?? ''),
      );
    case 'share': {
      const dealing = {
        selfSeed: hex(dealt.selfSeed),
        selfCoefficients: hex(dealt.selfCoefficients),
        maskingCoefficients: hex(dealt.maskingCoefficients),
        sealingCoins: dealt.sealingCoins.map(hex),
      };
      return share(me, state as Advertised, downlink, dealing, hex(encoding.commitments ?? ''));
    }
    case 'mask':
      return mask(me, state as Shared, downlink, encoding.vectors, EMPTY, of.mask?.lattice);
    case 'confirm':
      return confirm(me, state as Masked, downlink);
    case 'unmask':
      return unmask(me, state as Confirmed, downlink);
  }
}
