/**
 * Bundles with proofs of bounds. The honest ones are valid; what a coordinator leaves out, swaps or lets pass
 * is named. Each attack convinces a verifier that leaves one check out.
 */
import { clientId, integer, noNoise, publicField, real, skellam } from 'veilsum';
import { inMemoryStorage, openLedger } from 'veilsum/dp';
import {
  PROVEN_BUNDLE_VERSION,
  readTrust,
  type Trust,
  trustIn,
  verifyBundle,
} from 'veilsum/verify';
import {
  contributeToUpdateKey,
  type FastCurve,
  insecureUpdateKeyForTestingOnly,
  pedersen,
  provenUpdates,
  verifyUpdates,
  wasmPairing,
} from 'veilsum/zk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/internal/sha256.ts';
import { decodeBundle, type ProvenPart } from '../../src/round/bundle/format.ts';
import { type AnyPlan, termsOf } from '../../src/round/plan.ts';
import { provenFields, updateTermsOf } from '../../src/round/proven-fields.ts';
import { decodeMaskHeader } from '../../src/secagg/messages.ts';
import { decode, encode } from '../../src/wire/cbor.ts';
import { carelessProver, commitAnything } from '../support/hostile-proofs.ts';
import { CONTEXT, committedPlanFor, type Party, party, play } from '../support/round.ts';
import { endSnarkjs } from '../zk/snarkjs.ts';
import { openCurve } from '../zk/support.ts';
import { type Made, makeKeys } from '../zk/update/support.ts';
import { verified } from './run-command.ts';
import { changed } from './support.ts';

const FIELDS = { votes: integer({ length: 16, min: 0, max: 1 }) };
const VOTES = Array.from({ length: 16 }, (_, i) => i % 2);
const FACTS = { fields: FIELDS, trust: { corrupt: 0.25, absent: 0.25 }, noise: noNoise() };
const CHEAT = 'client-2';

let curve: FastCurve;
let made: Made;
let people: Party;
let bundle: Uint8Array;
let trust: Trust;
let plan: AnyPlan;
/** Of a coordinator that looks at no proof, with a client that put in three votes for one. */
let lax: { readonly bundle: Uint8Array; readonly trust: Trust };
beforeAll(async () => {
  curve = await openCurve();
  made = await makeKeys(16, curve);
  const backend = await wasmPairing(curve);
  const key = await insecureUpdateKeyForTestingOnly(made.bytes, { backend, curve });
  people = await party(4);
  const scheme = provenUpdates({ key });
  const planned = committedPlanFor(people, { ...FACTS, commitments: scheme });
  const inputs = () => ({ votes: VOTES });
  const { result } = await play(people, planned, { prover: made.prove, inputs });
  plan = planned as AnyPlan;
  bundle = result.bundle as Uint8Array;
  trust = { ...trustIn(plan), insecureKeyForTestingOnly: true };
  const blind = committedPlanFor(people, {
    ...FACTS,
    commitments: Object.freeze({ ...scheme, verify: () => [] }),
  });
  const who = {
    client: clientId(CHEAT),
    roundId: termsOf(blind as never).roundId,
    context: CONTEXT,
  };
  const words = [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
  const careless = carelessProver(made, 'update-16');
  const unseen = await play(people, blind, {
    prover: made.prove,
    inputs,
    commit: (id) =>
      id === CHEAT ? commitAnything(blind as never, words, who, careless) : undefined,
  });
  expect(unseen.result.contributors).toContain(CHEAT);
  lax = {
    bundle: unseen.result.bundle as Uint8Array,
    trust: { ...trustIn(blind as never), insecureKeyForTestingOnly: true },
  };
}, 60_000);
afterAll(async () => {
  await curve.dispose();
  await endSnarkjs();
});

/** Code, client and field of each reason; both engines agree. */
async function reasonsFor(bytes: Uint8Array, by: Trust = trust): Promise<readonly object[]> {
  const { reasons, valid, sum } = await verifyBundle(bytes, by, { curve });
  expect(valid).toBe(reasons.length === 0);
  expect(sum === undefined).toBe(!valid);
  return reasons.map(({ code, client, field }) => ({
    code,
    ...(client === undefined ? {} : { client }),
    ...(field === undefined ? {} : { field }),
  }));
}

const withProven = (change: (proven: ProvenPart) => Partial<ProvenPart>, of = bundle) =>
  changed(of, ({ proven }) => ({
    proven: { ...(proven as ProvenPart), ...change(proven as ProvenPart) },
  }));
const notProven = (client: string, field: object = { field: 'votes' }) => ({
  code: 'not-proven',
  client,
  ...field,
});

describe('an honest bundle', () => {
  test.each(['noble', 'wasm'])(
    'is valid on %s, and shows that values are in bounds',
    async (on) => {
      const verdict = await verifyBundle(bundle, trust, on === 'noble' ? {} : { curve });
      expect(verdict.reasons).toEqual([]);
      expect(verdict.valid).toBe(true);
      expect(verdict.checked.map(({ code }) => code).slice(-3)).toEqual([
        'bounds',
        'opening',
        'proofs',
      ]);
      expect(verdict.statement).toMatchObject({
        proofs: {
          key: Buffer.from(made.key.hash).toString('hex'),
          chunk: 16,
          contributions: 2,
          insecure: true,
          context: Buffer.from(CONTEXT).toString('hex'),
        },
        fields: [{ says: expect.stringContaining('1 chunks, each of squared norm 16 at most') }],
      });
    },
  );

  test('says what is left to trust, in place of that inputs are not checked', async () => {
    const codes = async (by: Trust): Promise<readonly string[]> =>
      (await verifyBundle(bundle, by, { curve })).notChecked.map(({ code }) => code);
    const found = await codes(trust);
    expect(found).not.toContain('inputs-in-bounds');
    for (const code of ['bounds-of-chunks', 'setup', 'composition', 'insecure-key']) {
      expect(found).toContain(code);
    }
  });

  test('is of a version of its own', () => {
    expect(PROVEN_BUNDLE_VERSION).toBe(2);
    expect(decodeBundle(bundle).proven?.proofs).toHaveLength(4);
  });

  test('from the command line, key and all', () => {
    const { code, out } = verified(bundle, JSON.stringify(trust));
    expect(out).toMatch(/^VALID\n/);
    expect(code).toBe(0);
    expect(out).toContain(`proven under  key ${trust.key} (INSECURE: for tests only)`);
    expect(out).toMatch(/✓ Every contributor's values are in bounds/);
    expect(out).toMatch(/\? That Groth16, .* awaits outside review/);
    expect(out).not.toContain('there are no proofs of that here');
  });
});

describe('a client out of bounds, whom the coordinator let pass', () => {
  test('is named', async () => {
    expect(await reasonsFor(lax.bundle, lax.trust)).toEqual([notProven(CHEAT)]);
    const { reasons, checked } = await verifyBundle(lax.bundle, lax.trust, { curve });
    expect(reasons[0]?.text).toMatch(/client "client-2": field "votes", chunk 0: .*\(equation\)/);
    // All else holds: so a verifier without that check believes it.
    expect(checked.map(({ code }) => code)).toContain('opening');
    expect(checked).toHaveLength(10);
  });
});

describe('the coordinator', () => {
  test.each([
    ['leaves out all proofs', []],
    ['leaves out one', [0, 1, 2]],
  ])('%s', async (_, kept) => {
    const fewer = withProven(({ proofs }) => ({
      proofs: kept.map((i) => proofs[i] as Uint8Array),
    }));
    expect(await reasonsFor(fewer)).toEqual([{ code: 'malformed' }]);
  });

  test('leaves one empty', async () => {
    const empty = withProven(({ proofs }) => ({ proofs: proofs.with(1, new Uint8Array(0)) }));
    // The hash is not that which was signed, and nothing is proven.
    expect(await reasonsFor(empty)).toEqual([notProven('client-1', {}), notProven('client-1', {})]);
  });

  test('drops them with the version: the plan asks for them', async () => {
    const bare = changed(bundle, () => ({ proven: undefined as never }));
    expect(await reasonsFor(bare)).toEqual([{ code: 'wrong-key' }]);
    const { key: _, ...noKey } = trust;
    expect(await reasonsFor(bare, noKey)).toEqual([{ code: 'wrong-plan' }]);
  });

  test('swaps two', async () => {
    const swapped = withProven(({ proofs: [a, b, ...rest] }) => ({
      proofs: [b, a, ...rest] as Uint8Array[],
    }));
    const both = ['client-0', 'client-1'];
    expect(await reasonsFor(swapped)).toEqual([
      ...both.map((id) => notProven(id, {})),
      ...both.map((id) => notProven(id)),
    ]);
  });

  test('puts a true proof in the place of the one that was signed', async () => {
    // (−A, −B, C) is a proof of the same: anybody makes it.
    const { proven, contributors } = decodeBundle(bundle);
    const [first] = (proven as ProvenPart).proofs as [Uint8Array];
    const other = negated(first);
    expect(other).not.toEqual(first);
    const terms = termsOf(plan);
    const [field] = provenFields(plan) as [ReturnType<typeof provenFields>[number]];
    const bound = { roundId: terms.roundId, context: CONTEXT };
    const { commitments: commitment } = decodeMaskHeader(
      terms,
      (contributors[0] as (typeof contributors)[number]).mask.header,
    );
    const item = { client: clientId('client-0'), commitment, proof: other };
    expect(verifyUpdates(made.key, updateTermsOf(plan.hash, bound, field), [item])).toEqual({
      valid: true,
    });
    const replaced = withProven(({ proofs }) => ({ proofs: proofs.with(0, other) }));
    expect(await reasonsFor(replaced)).toEqual([notProven('client-0', {})]);
  });

  test('says that the clients were sent another model', async () => {
    const other = withProven(() => ({ context: new Uint8Array(32).fill(8) }));
    expect(await reasonsFor(other)).toEqual(people.ids.map((id) => notProven(id)));
  });
});

describe('one bit', () => {
  test.each(['proofs', 'context'] as const)('of %s is another', async (part) => {
    for (let i = 0; i < 6; i++) {
      const spoilt = withProven(({ proofs, context }) => {
        const from = part === 'proofs' ? (proofs[i % 4] as Uint8Array) : context;
        const out = from.slice();
        const at = Math.floor(((i + 0.5) / 6) * out.length);
        out[at] = (out[at] as number) ^ (1 << i);
        return part === 'proofs' ? { proofs: proofs.with(i % 4, out) } : { context: out };
      });
      expect(await reasonsFor(spoilt)).toContainEqual(
        expect.objectContaining({ code: 'not-proven' }),
      );
    }
  });
});

describe('the key', () => {
  test('that the verifier pins is not this one', async () => {
    expect(await reasonsFor(bundle, { ...trust, key: '00'.repeat(32) })).toEqual([
      { code: 'wrong-key' },
    ]);
  });

  test('is not that of the plan', async () => {
    const key = contributeToUpdateKey(made.bytes);
    const other = withProven(() => ({ key }));
    expect(await reasonsFor(other)).toEqual([{ code: 'wrong-key' }]);
    const { key: pinned, ...noKey } = trust;
    expect(pinned).toHaveLength(64);
    expect(await reasonsFor(other, noKey)).toEqual([{ code: 'wrong-key' }]);
    const verdict = await verifyBundle(other, noKey, { curve });
    expect(verdict.reasons[0]?.text).toMatch(/not the one that the plan asks for/);
  });

  test('is marked insecure, and was not asked for by that name', async () => {
    const { insecureKeyForTestingOnly: asked, ...careful } = trust;
    expect(asked).toBe(true);
    expect(trustIn(plan)).toEqual(careful);
    const verdict = await verifyBundle(bundle, careful, { curve });
    expect(verdict.reasons).toEqual([expect.objectContaining({ code: 'wrong-key' })]);
    expect(verdict.reasons[0]?.text).toMatch(/insecure/);
  });

  test('is no key', async () => {
    const { plan: pinned, key, ...free } = trust;
    expect([pinned, key]).toEqual([expect.any(String), expect.any(String)]);
    for (const bytes of [new Uint8Array(0), made.bytes.subarray(1), made.verifyingKey]) {
      // Of a plan that names it, by a coordinator who made both.
      const hash = sha256(bytes);
      const spoilt = changed(
        withProven(() => ({ key: bytes })),
        (parts) => {
          const of = decode(parts.plan, { what: 'plan', maxBytes: 2 ** 20 });
          const { commitments, ...rest } = of as Record<string, never>;
          const named = { ...(commitments as unknown as object), key: hash };
          return { plan: encode({ ...rest, commitments: named }) };
        },
      );
      const pinned = { ...free, key: Buffer.from(hash).toString('hex') };
      expect(await reasonsFor(spoilt, pinned)).toEqual([{ code: 'wrong-key' }]);
      const { reasons } = await verifyBundle(spoilt, pinned, { curve });
      expect(reasons[0]?.text).toMatch(/^update key: got /);
    }
  });

  test('is not pinned: any would do', async () => {
    const { plan: _, ...byKey } = trust;
    expect(await reasonsFor(bundle, byKey)).toEqual([]);
    const { key: __, ...byPlan } = trust;
    expect(await reasonsFor(bundle, byPlan)).toEqual([]);
    const { key: ___, ...byNothing } = byKey;
    expect(await reasonsFor(bundle, byNothing)).toEqual([{ code: 'wrong-key' }]);
  });

  test('that is pinned refuses bundles without proofs', async () => {
    const bare = committedPlanFor(people, { ...FACTS, commitments: pedersen() });
    const { result } = await play(people, bare, { inputs: () => ({ votes: VOTES }) });
    const bytes = result.bundle as Uint8Array;
    expect(await reasonsFor(bytes, trustIn(bare as never))).toEqual([]);
    const pinned = { ...trustIn(bare as never), key: trust.key as string };
    expect(await reasonsFor(bytes, pinned)).toEqual([{ code: 'wrong-key' }]);
  });

  test('has a JSON form in the trust', () => {
    expect(readTrust(JSON.stringify(trust))).toEqual(trust);
    for (const wrong of [{ key: '00' }, { insecureKeyForTestingOnly: 'yes' }]) {
      expect(() => readTrust(JSON.stringify({ ...trust, ...wrong }))).toThrow(/trust: /);
    }
  });
});

test('with noise, values are proven and noise is not', async () => {
  const noisy = committedPlanFor(people, {
    fields: {
      counts: integer({ length: 2, min: 0, max: 5 }),
      update: real({ length: 30, clip: { norm: 'l2', bound: 1 } }),
      size: publicField(integer({ length: 1, min: 0, max: 100 })),
    },
    trust: { corrupt: 0.25, absent: 0.25 },
    noise: skellam({ epsilon: 4, delta: 1e-5 }),
    commitments: provenUpdates({
      key: await insecureUpdateKeyForTestingOnly(made.bytes, {
        backend: await wasmPairing(curve),
        curve,
      }),
    }),
  });
  const { event, neighbours, wrapProbability } = noisy.privacy;
  expect(wrapProbability).toBeLessThanOrEqual(2 ** -40);
  const { result, faults } = await play(people, noisy, {
    prover: made.prove,
    inputs: () => ({ counts: [1, 5], update: new Float64Array(30).fill(0.05), size: [7] }),
    receipt: async () => {
      const ledger = await openLedger(inMemoryStorage(), {
        budget: { epsilon: 4, delta: 1e-5 },
        neighbours,
        expecting: { event, count: 1 },
      });
      const receipt = await ledger.admit({ round: noisy.id, plan: noisy.hash, event });
      if (!receipt.admitted) throw new Error(receipt.message);
      return receipt;
    },
  });
  expect(faults).toEqual([]);
  expect(result.sum.size).toEqual([28]);
  expect(result.privacy?.epsilon).toBeLessThanOrEqual(4);
  expect(result.assumptions.map(({ code }) => code)).toContain('proof-noise');
  expect(result.transcript.root).toBeDefined();
  const by = { ...trustIn(noisy as never), insecureKeyForTestingOnly: true };
  const verdict = await verifyBundle(result.bundle as Uint8Array, by, { curve });
  expect(verdict.reasons).toEqual([]);
  expect(verdict.sum).toEqual(result.sum);
  expect(verdict.notChecked.find(({ code }) => code === 'noise')?.text).toMatch(/do not cover it/);
});

/** The other proof of the same statement: A and B turned over. */
function negated(proof: Uint8Array): Uint8Array {
  const out = proof.slice();
  const at = out.length - 256;
  const turn = (from: number): void => {
    const y = BigInt(`0x${Buffer.from(out.subarray(from, from + 32)).toString('hex')}`);
    const less = 21888242871839275222246405745257275088696311157297823662689037894645226208583n - y;
    out.set(Buffer.from(less.toString(16).padStart(64, '0'), 'hex'), from);
  };
  turn(at + 32);
  turn(at + 128);
  turn(at + 160);
  return out;
}
