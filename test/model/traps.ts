/** Downlinks that are not what they should be, and what an honest client must make of them. */
import type { ClientState } from '../../src/client.ts';
import { CodecError, ProtocolError, VeilsumError } from '../../src/index.ts';
import type { CborValue } from '../../src/wire/cbor.ts';
import { flipped, redone } from './hostile.ts';
import { PHASES, type Phase } from './model.ts';
import { type Actor, attempt, blamesCoordinator, must, run, type Stage } from './stage.ts';
import type { Trap } from './story.ts';
import { count } from './tally.ts';

type Set = Stage & {
  readonly phase: Exclude<Phase, 'advertise'>;
  readonly trap: Trap;
  readonly actor: Actor;
  readonly state: ClientState;
};

/**
 * Gives the client the false downlink.
 *
 * @returns `unharmed` if the state is as usable as before, `left` if the client left the round, or its
 * answer, where the falsehood lies in what only the coordinator can see (it told this client another
 * set than the rest): then its answer is no good to the coordinator.
 */
export async function springTrap(
  set: Set,
): Promise<'unharmed' | 'left' | { readonly next: ClientState; readonly message: Uint8Array }> {
  const { phase, trap, actor, state, tally } = set;
  const { bytes, code } = falseDownlink(set);
  const got = await attempt(() => run(phase, state, bytes, actor.contribution.inputs));
  if (!(got instanceof VeilsumError)) {
    must(
      trap === 'flipped' && (phase === 'mask' || phase === 'confirm'),
      `a client answered a downlink to ${phase} that was ${trap}`,
    );
    count(tally, 'after hostile downlinks', 'answered in vain');
    return got;
  }
  must(
    code === '*' || got.code === code,
    `downlink to ${phase} that is ${trap}: got ${got.code}, expected ${code}: ${got.message}`,
  );
  count(tally, 'after hostile downlinks', got.code);
  if (got instanceof CodecError) return 'unharmed';
  must(got instanceof ProtocolError, `downlink to ${phase} that is ${trap}: got ${got}`);
  blamesCoordinator(got);
  // It left: not even the true downlink brings an answer now.
  const own = set.downlinks[phase]?.get(actor.index) as Uint8Array;
  const late = await attempt(() => run(phase, state, own, actor.contribution.inputs));
  must(late instanceof VeilsumError && late.code === 'state-spent', 'a client that left came back');
  return 'left';
}

function falseDownlink({ phase, trap, actor, dice, downlinks, terms }: Set): {
  readonly bytes: Uint8Array;
  readonly code: string;
} {
  const all = downlinks[phase] as ReadonlyMap<number, Uint8Array>;
  const own = all.get(actor.index) as Uint8Array;
  const truncated = { bytes: own.slice(0, dice.int(0, own.length - 1)), code: 'truncated' };
  switch (trap) {
    case 'truncated':
      return truncated;
    case "another's": {
      const others = [...all.keys()].filter((index) => index !== actor.index);
      return { bytes: all.get(dice.pick(others)) as Uint8Array, code: 'wrong-recipient' };
    }
    case 'stale': {
      const before = PHASES[PHASES.indexOf(phase) - 1] as Phase;
      const bytes = downlinks[before]?.get(actor.index);
      return bytes === undefined ? truncated : { bytes, code: 'wrong-phase' };
    }
    case 'of another round':
      return { bytes: redone(own, { roundId: dice.bytes(32) }), code: 'wrong-round' };
    case 'flipped':
      return { bytes: flipped(dice, own), code: '*' };
    case 'false':
      return FALSEHOODS[phase](own, actor.index, terms.roster.clients.length);
  }
}

function without(bitmap: Uint8Array, index: number): Uint8Array {
  const out = bitmap.slice();
  out[index >> 3] = (out[index >> 3] as number) & ~(1 << (index & 7));
  return out;
}

/** Well-formed downlinks that hide something. */
const FALSEHOODS: Readonly<
  Record<
    Exclude<Phase, 'advertise'>,
    (own: Uint8Array, index: number, clients: number) => { bytes: Uint8Array; code: string }
  >
> = {
  share: (own) => ({
    bytes: redone(own, { content: ([adverts]) => [(adverts as CborValue[]).slice(0, 0)] }),
    code: 'missing-neighbour',
  }),
  mask: (own) => ({
    bytes: redone(own, {
      content: ([u2, root, path, near]) =>
        [u2, root, path, (near as CborValue[]).slice(1)] as CborValue[],
    }),
    code: 'missing-neighbour',
  }),
  confirm: (own, index) => ({
    bytes: redone(own, {
      content: ([u3, ...rest]) => [without(u3 as Uint8Array, index), ...rest],
    }),
    code: 'inconsistent-survivors',
  }),
  unmask: (own) => ({
    bytes: redone(own, {
      content: ([signers, signatures, headers]) =>
        [signers, signatures, (headers as CborValue[]).slice(1)] as CborValue[],
    }),
    code: 'missing-neighbour',
  }),
};
