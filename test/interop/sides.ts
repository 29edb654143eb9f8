/** Both sides of a round as functions from bytes to bytes; which thread they run in is all the same. */
import { type IntegerField, integer, type Signer, signerFromPrivateKey } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { utf8 } from '../../src/internal/bytes.ts';
import { PHASES, type Phase } from '../../src/secagg/phases.ts';
import type { Setup, Side } from './protocol.ts';

type Interop = { readonly votes: IntegerField };

export const FIELDS: Interop = { votes: integer({ length: 100, min: -50, max: 1_000 }) };

export const votesOf = (id: string): readonly number[] =>
  Array.from({ length: 100 }, (_, i) => ((Number(id.slice(7)) * 389 + i * 71) % 1_051) - 50);

const CONTEXT: Uint8Array = new Uint8Array(32).fill(3);

/** Before which phase a client vanishes: one in each of two phases, so that masks must be removed. */
const LAST: ReadonlyMap<string, Phase> = new Map([
  ['client-1', 'share'],
  ['client-2', 'mask'],
]);

export function clientsOf({ plan, voucher, identities }: Setup): Side {
  const reviewed = client.readPlan(plan, { voucher, corrupt: 0, fields: FIELDS });
  const signers = new Map<string, Signer>(
    [...identities].map(([id, key]) => [id, signerFromPrivateKey(key)]),
  );
  const states = new Map<string, client.ClientState<client.ClientState['next'], Interop>>();
  let calls = 0;
  return async (downlinks) => {
    const phase = PHASES[calls++] as Phase;
    const uplinks = new Map<string, Uint8Array>();
    for (const id of phase === 'advertise' ? signers.keys() : downlinks.keys()) {
      if (LAST.get(id) === phase) continue;
      const downlink = downlinks.get(id) as Uint8Array;
      const state = states.get(id);
      const stepped =
        phase === 'advertise'
          ? await client.advertise(reviewed, signers.get(id) as Signer, { context: CONTEXT })
          : phase === 'share'
            ? await client.share(state as client.ClientState<'share', Interop>, downlink)
            : phase === 'mask'
              ? await client.mask(state as client.ClientState<'mask', Interop>, downlink, {
                  votes: votesOf(id),
                })
              : phase === 'confirm'
                ? await client.confirm(state as client.ClientState<'confirm', Interop>, downlink)
                : await client.unmask(state as client.ClientState<'unmask', Interop>, downlink);
      states.set(id, stepped.next);
      uplinks.set(id, stepped.message);
    }
    return uplinks;
  };
}

/** After the last phase its bytes are the result as JSON, under the name `result`. */
export function coordinatorOf({ plan, voucher }: Setup): Side {
  const read = client.readPlan(plan, { voucher, corrupt: 0, fields: FIELDS });
  let state: coordinator.CoordinatorState = coordinator.begin(read, { context: CONTEXT });
  return async (uplinks) => {
    for (const message of uplinks.values()) {
      const fault = coordinator.accept(state, message as never);
      if (fault !== undefined) throw new Error(fault.message);
    }
    if (state.phase === 'unmask') {
      const { next } = coordinator.close(state as coordinator.CoordinatorState<'unmask', Interop>);
      const { sum, contributors, dropped } = next;
      return new Map([['result', utf8(JSON.stringify({ sum, contributors, dropped }))]]);
    }
    const closed = coordinator.close(state as coordinator.CoordinatorState<'share', Interop>);
    state = closed.next;
    return closed.downlinks;
  };
}
