/**
 * What the fuzzer has found, as tests that need no dice. A new case: the bytes that it printed, or the
 * edit that makes them, and what must come of them now.
 */
import { integer } from 'veilsum';
import * as client from 'veilsum/client';
import * as coordinator from 'veilsum/coordinator';
import { beforeAll, describe, expect, test } from 'vitest';
import { restoreHolder } from '../../src/he/index.ts';
import type { Signer } from '../../src/identity/signer.ts';
import { type CborValue, decode, encode } from '../../src/wire/cbor.ts';
import { diskClaim } from '../he/round/support.ts';
import { type Recording, record } from '../scenario/bad-input/recording.ts';
import { durableClaim, emptyDisk } from '../support/durable-claim.ts';
import { party, planFor } from '../support/round.ts';
import { encryptedUntil } from './encrypted.ts';

const FIELDS = { votes: integer({ length: 2, min: 0, max: 9 }) };
let of: Recording<typeof FIELDS>;
beforeAll(async () => {
  const people = await party(4);
  const plan = planFor(people, { fields: FIELDS, trust: { corrupt: 0, absent: 0.25 } });
  of = await record(people, plan, () => ({ votes: [1, 2] }));
});

type Saved = Readonly<Record<string, CborValue>>;

/** The same state with some of its fields replaced. */
function edited(saved: Uint8Array, edit: (fields: Saved) => Saved): Uint8Array {
  const fields = decode(saved, { what: 'saved', maxBytes: saved.length }) as Saved;
  return encode({ ...fields, ...edit(fields) });
}

describe('a saved coordinator', () => {
  const restored = (edit: (fields: Saved) => Saved) => () =>
    coordinator.restore(of.plan, edited(of.phases.share.coordinator, edit));
  const twice = (list: CborValue | undefined): CborValue => {
    const items = list as readonly CborValue[];
    return [items[0] as CborValue, ...items.slice(0, -1)];
  };

  test('is taken as it was saved', () => {
    expect(restored(() => ({}))).not.toThrow();
  });

  test('with the same advert twice', () => {
    expect(restored(({ adverts }) => ({ adverts: twice(adverts) }))).toThrow(
      expect.objectContaining({ code: 'non-canonical' }),
    );
  });

  test('with somebody excluded twice', () => {
    expect(restored(() => ({ excluded: [1, 1] }))).toThrow(
      expect.objectContaining({ code: 'non-canonical' }),
    );
  });

  test('with a fault of a client whose name is none', () => {
    const fault = encode(['share', 'malformed', 'x', '', null]);
    expect(restored(() => ({ faults: [fault] }))).toThrow(
      expect.objectContaining({ name: 'CodecError', code: 'malformed' }),
    );
  });

  test('with a beacon that the plan does not name', () => {
    expect(restored(() => ({ beacon: Uint8Array.of(1) }))).toThrow(
      expect.objectContaining({ name: 'CodecError', code: 'wrong-round' }),
    );
  });
});

test('a saved client with a beacon that the plan does not name', () => {
  const saved = of.phases.share.states.get('client-1') as Uint8Array;
  const bent = edited(saved, () => ({ beacon: Uint8Array.of(1) }));
  const signer = of.people.signers.get('client-1') as Signer;
  const options = { signer, claim: durableClaim(emptyDisk()) };
  expect(() => client.restore(of.reviewed, saved, options)).not.toThrow();
  expect(() => client.restore(of.reviewed, bent, options)).toThrow(
    expect.objectContaining({ name: 'CodecError', code: 'wrong-round' }),
  );
});

test('a saved holder with the same commit twice, and with commits in another order', async () => {
  const { plan, seal, cast, saved } = await encryptedUntil('root');
  const options = { signer: cast.holders[0] as Signer, claim: diskClaim() };
  const honest = saved.close as Uint8Array;
  const withCommits = (edit: (commits: readonly CborValue[]) => readonly CborValue[]) => {
    const fields = decode(honest, { what: 'saved', maxBytes: honest.length }) as CborValue[];
    fields[7] = [...edit(fields[7] as readonly CborValue[])];
    return () => restoreHolder(plan, seal, encode(fields), options);
  };
  expect(withCommits((commits) => commits)).not.toThrow();
  const refusal = expect.objectContaining({ name: 'CodecError', code: 'non-canonical' });
  expect(withCommits(([first]) => [first as CborValue, first as CborValue])).toThrow(refusal);
  expect(withCommits((commits) => commits.toReversed())).toThrow(refusal);
});
