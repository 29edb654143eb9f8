/** Readers of `round` and `dp`: plans, proof bundles, a verifier's trust, ledgers, events. */

import { readFileSync } from 'node:fs';
import { assertEvent, type DpEvent } from '../../../src/dp/events.ts';
import { openLedger } from '../../../src/dp/ledger/ledger.ts';
import {
  canonicalJson,
  readEntry,
  readHeader,
  type Sealed,
  sealEntry,
  sealHeader,
} from '../../../src/dp/ledger/lines.ts';
import { readOdometer } from '../../../src/dp/ledger/odometer.ts';
import { inMemoryStorage } from '../../../src/dp/ledger/storage.ts';
import { decodeBundle, encodeBundle } from '../../../src/round/bundle/format.ts';
import { readTrust, trustIn } from '../../../src/round/bundle/trust.ts';
import { verifyBundle } from '../../../src/round/bundle/verify.ts';
import { integer, publicField, real, weightedMean } from '../../../src/round/fields.ts';
import { discreteGaussian, noNoise, skellam } from '../../../src/round/noise.ts';
import { type AnyPlan, planBytes } from '../../../src/round/plan.ts';
import { readPlan } from '../../../src/round/policy.ts';
import { privacyReport, readReport } from '../../../src/round/report/document.ts';
import { roundRecord } from '../../../src/round/report/record.ts';
import { pedersen } from '../../../src/zk/commitment/index.ts';
import { committedPlanFor, noisyPlanFor, party, planFor } from '../../support/round.ts';
import { proven, TINY } from '../../verify/support.ts';
import { bytesOf, textOf } from '../mutate.ts';
import { equal, shared } from '../samples.ts';
import type { Target } from '../target.ts';

const PRIVACY = ['PrivacyError', 'CodecError'];
const options = { budget: { epsilon: 4, delta: 1e-6 }, neighbours: 'zero-out' } as const;
const trust = { corrupt: 0.2, absent: 0.2 };

/** Plans of every kind, and what their reader asks for. */
const plans = shared('plans', async () => {
  const people = await party(5);
  const votes = integer({ length: 3, min: 0, max: 9 });
  const update = real({ length: 40, clip: { norm: 'l2', bound: 1 } });
  const mean = weightedMean({ length: 4, clip: { norm: 'linf', bound: 1 }, maxWeight: 10 });
  const privacy = { epsilon: 8, delta: 1e-4 };
  const price = { epsilon: 4, delta: 1e-5 };
  const noisy = { update, size: publicField(votes) };
  return {
    voucher: people.voucher.publicKey,
    plain: [
      planFor(people, { fields: { votes, update, mean }, trust, suite: 'x25519-mlkem768' }),
      planFor(people, {
        fields: { votes },
        trust: { ...trust, beacon: { chain: 'a chain', round: 7, marginMs: 60_000 } },
      }),
      committedPlanFor(people, {
        fields: { votes },
        trust,
        noise: noNoise(),
        commitments: pedersen(),
      }),
    ] as readonly AnyPlan[],
    noisy: [
      noisyPlanFor(people, { fields: noisy, trust, noise: skellam(price) }),
      noisyPlanFor(people, { fields: { votes }, trust, noise: discreteGaussian(price) }),
    ] as readonly AnyPlan[],
    privacy,
    noisyFields: noisy,
  };
});

const bundles = shared('bundles', async () => {
  const people = await party(4);
  const vanish = (id: string) => (id === 'client-3' ? ('mask' as const) : undefined);
  return [
    await proven(people, TINY, { inputs: () => ({ votes: [2] }) }),
    await proven(people, TINY, { inputs: () => ({ votes: [2] }), vanish }),
  ] as const;
});

const EVENTS: readonly DpEvent[] = [
  { kind: 'gaussian', noiseMultiplier: 2 },
  { kind: 'repeated', event: { kind: 'laplace', noiseMultiplier: 9 }, count: 3 },
  {
    kind: 'composed',
    events: [
      {
        kind: 'poisson-sampled',
        probability: 0.01,
        event: { kind: 'gaussian', noiseMultiplier: 1.5 },
      },
      { kind: 'zero-concentrated', rho: 0.01 },
    ],
  },
];

/** The lines of a ledger that has paid for some rounds. */
async function ledgerLines(): Promise<readonly string[]> {
  const kept: string[] = [];
  const storage = {
    load: async () => [],
    append: async (_: number, line: string) => void kept.push(line),
  };
  const ledger = await openLedger(storage, { ...options, neighbours: 'zero-out' });
  for (const [i, noiseMultiplier] of [20, 30, 20].entries()) {
    const event: DpEvent = { kind: 'gaussian', noiseMultiplier };
    await ledger.admit({ round: `r${i}`, plan: new Uint8Array(32).fill(i), event });
  }
  return kept;
}

type Fields = Readonly<Record<string, unknown>>;

/** A line of these fields with a right hash, as another writer could make it; nothing if it could not. */
function sealed(text: string, seal: (fields: Fields) => Sealed): Sealed | undefined {
  try {
    const { hash: _, previous: __, format: ___, ...fields } = JSON.parse(text) as Fields;
    return seal(fields);
  } catch {
    return undefined; // no JSON, no object, or nested too deeply to be written
  }
}

const ledgerTargets: readonly Target[] = [
  {
    name: 'dp/ledger',
    covers: ['openLedger', 'readBook', 'readOdometer'],
    prepare: async () => ({
      samples: [bytesOf((await ledgerLines()).join('\n'))],
      read: async (bytes) => {
        const lines = textOf(bytes).split('\n');
        const ledger = await openLedger(inMemoryStorage(lines), options);
        readOdometer(ledger);
        // A ledger whose end was cut off is a ledger.
        return ledger.head().count === lines.length - 1 ? 'taken' : 'refused';
      },
    }),
    shape: 'text',
    throws: PRIVACY,
  },
  {
    name: 'dp/ledger-header',
    covers: ['readHeader', 'readBudget', 'readNeighbours', 'readExpectation', 'recordOf'],
    prepare: async () => {
      const [line] = await ledgerLines();
      const expecting = { ...options, expecting: { event: EVENTS[0] as DpEvent, count: 2 } };
      const kept: string[] = [];
      const append = async (_: number, text: string) => void kept.push(text);
      await openLedger({ load: async () => [], append }, expecting);
      return {
        samples: [line, kept[0]].map((text) => bytesOf(text as string)),
        read: (bytes) => {
          const made = sealed(textOf(bytes), (fields) => sealHeader(fields as never));
          if (made === undefined) return 'refused';
          const { header, hash } = readHeader(made.line);
          const again = sealHeader(header);
          if (again.line !== made.line || hash !== made.hash) throw new Error('another line');
          return 'taken';
        },
      };
    },
    shape: 'text',
    throws: PRIVACY,
  },
  {
    name: 'dp/ledger-entry',
    covers: ['readEntry', 'readRound', 'readEvent', 'assertEvent'],
    prepare: () => {
      const previous = 'a'.repeat(64);
      const samples = EVENTS.map((event) =>
        bytesOf(sealEntry({ index: 5, round: 'r5', plan: 'b'.repeat(64), event }, previous).line),
      );
      return {
        samples,
        read: (bytes) => {
          const made = sealed(textOf(bytes), (fields) => sealEntry(fields as never, previous));
          if (made === undefined) return 'refused';
          const { entry } = readEntry(made.line, 5, previous);
          if (sealEntry(entry, previous).line !== made.line) throw new Error('another line');
          return 'taken';
        },
      };
    },
    shape: 'text',
    throws: PRIVACY,
  },
  {
    name: 'dp/event',
    covers: ['readEvent', 'assertEvent'],
    prepare: () => ({
      samples: EVENTS.map((event) => bytesOf(canonicalJson(event))),
      read: (bytes) => {
        let value: unknown;
        try {
          value = JSON.parse(textOf(bytes));
        } catch {
          return 'refused';
        }
        return canonicalJson(assertEvent(value)) === canonicalJson(value) ? 'taken' : 'refused';
      },
    }),
    shape: 'text',
    throws: ['PrivacyError', 'UsageError'],
  },
];

export const roundTargets: readonly Target[] = [
  {
    name: 'round/plan',
    covers: ['readPlan'],
    prepare: async () => {
      const { voucher, plain } = await plans();
      return {
        samples: plain.map(planBytes),
        read: (bytes) => {
          // Commitments are asked for where the bytes have them: both kinds are read.
          const policy = { voucher, corrupt: 0, marginMs: 0 } as const;
          try {
            return planBytes(readPlan(bytes, policy));
          } catch (error) {
            if (!(error as Error).message.includes('commitments')) throw error;
            return planBytes(readPlan(bytes, { ...policy, commitments: pedersen() }));
          }
        },
      };
    },
  },
  {
    name: 'round/noisy-plan',
    covers: ['readPlan'],
    prepare: async () => {
      const { voucher, noisy, privacy, noisyFields } = await plans();
      return {
        samples: noisy.map(planBytes),
        read: (bytes) => {
          const policy = { voucher, privacy, corrupt: 0 } as const;
          try {
            return planBytes(readPlan(bytes, policy));
          } catch (error) {
            if (!(error as Error).message.includes('public')) throw error;
            return planBytes(readPlan(bytes, { ...policy, fields: noisyFields }));
          }
        },
      };
    },
  },
  {
    name: 'round/bundle',
    covers: ['decodeBundle'],
    prepare: async () => ({
      samples: (await bundles()).map(({ bundle }) => bundle),
      read: (bytes) => encodeBundle(decodeBundle(bytes)),
    }),
  },
  {
    name: 'round/verify-bundle',
    covers: [
      'verifyBundle',
      'readSets',
      'readSums',
      'checkEvidence',
      'checkOpenings',
      'checkProofs',
    ],
    // A verdict for whatever comes, never an exception.
    throws: [],
    prepare: async () => {
      const sample = (file: string): Uint8Array =>
        new Uint8Array(readFileSync(new URL(`../../vectors/bundle/v2.${file}`, import.meta.url)));
      // With proofs of bounds.
      const bundle = sample('bundle');
      const trust = readTrust(textOf(sample('trust.json')));
      const { sum } = await verifyBundle(bundle, trust);
      const made = [...(await bundles()), { bundle, trust, sum }];
      return {
        samples: made.map((one) => one.bundle),
        read: async (bytes) => {
          let isValid = false;
          for (const { trust, sum } of made) {
            const verdict = await verifyBundle(bytes, trust);
            if (!verdict.valid) continue;
            isValid = true;
            if (JSON.stringify(verdict.sum) !== JSON.stringify(sum)) throw new Error('another sum');
          }
          return isValid ? 'taken' : 'refused';
        },
      };
    },
  },
  {
    name: 'round/trust',
    covers: ['readTrust', 'checkedTrust'],
    prepare: async () => {
      const { plain } = await plans();
      const of = trustIn(plain[0] as AnyPlan);
      const more = { ...of, beacon: 'ab', bounds: { votes: 9, update: 0.5 } };
      return {
        samples: [of, more].map((one) => bytesOf(JSON.stringify(one))),
        read: (bytes) => {
          const first = readTrust(textOf(bytes));
          const again = bytesOf(JSON.stringify(readTrust(JSON.stringify(first))));
          return equal(again, bytesOf(JSON.stringify(first))) ? 'taken' : 'refused';
        },
      };
    },
    shape: 'text',
    // The verifier's own file.
    throws: ['UsageError'],
  },
  {
    name: 'round/report',
    covers: ['readReport', 'readRecord', 'readLedgerFacts', 'readVersion'],
    shape: 'text',
    throws: ['CodecError', 'PrivacyError'],
    prepare: async () => {
      const { plain, noisy } = await plans();
      const paid = noisy[0] as AnyPlan;
      const { event, neighbours } = paid.privacy as NonNullable<AnyPlan['privacy']>;
      const budget = { epsilon: 50, delta: 1e-5 };
      const ledger = await openLedger(inMemoryStorage(), { budget, neighbours });
      await ledger.admit({ round: paid.id, plan: paid.hash, event });
      const rounds = [paid, plain[0] as AnyPlan].map((one) => roundRecord(one));
      const report = privacyReport({ title: 'a title', made: '2026-01-02', rounds, ledger });
      return {
        samples: [bytesOf(JSON.stringify(report))],
        read: (bytes) => {
          const first = JSON.stringify(readReport(textOf(bytes)));
          if (JSON.stringify(readReport(first)) !== first) throw new Error('another report');
          return 'taken';
        },
      };
    },
  },
  ...ledgerTargets,
];
