/** Readers of `secagg`: what clients say, what they are told, what is saved. */
import * as client from '../../../src/client.ts';
import * as coordinator from '../../../src/coordinator.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import type { SuiteName } from '../../../src/identity/suite.ts';
import { termsOf } from '../../../src/round/plan.ts';
import { beaconOfSaved } from '../../../src/secagg/client/storage.ts';
import { beaconOfSavedCoordinator } from '../../../src/secagg/coordinator/storage.ts';
import * as downlinks from '../../../src/secagg/downlinks.ts';
import * as messages from '../../../src/secagg/messages.ts';
import { PHASES, type Phase } from '../../../src/secagg/phases.ts';
import { signMessage } from '../../../src/secagg/signed.ts';
import type { Terms } from '../../../src/secagg/terms.ts';
import { decodeEnvelope, type Envelope } from '../../../src/wire/envelope.ts';
import { type FIELDS, smallRound } from '../../scenario/bad-input/fixture.ts';
import { coordinatorAt, type Recording, stepOf } from '../../scenario/bad-input/recording.ts';
import { durableClaim, emptyDisk } from '../../support/durable-claim.ts';
import { shared, unlessFault } from '../samples.ts';
import type { Target } from '../target.ts';

type Played = Recording<typeof FIELDS>;

const ANY_LENGTH = { header: 2 ** 20, payload: 2 ** 20 };
const ME = 'client-1';
const SELF = 1;

const uplinksOf = (played: Played, phase: Phase): readonly Uint8Array[] => [
  ...played.phases[phase].uplinks.values(),
];

const envelopesOf = (played: Played, phase: Phase): readonly Envelope[] =>
  uplinksOf(played, phase).map((message) => decodeEnvelope(message, ANY_LENGTH));

const downlinkOf = (played: Played, phase: Phase): Uint8Array =>
  played.phases[phase].downlinks.get(ME) as Uint8Array;

/** A reader of the header of one phase, with its writer. */
type HeaderReader = {
  readonly name: string;
  readonly phase: Phase;
  readonly read: (terms: Terms, header: Uint8Array) => unknown;
  readonly write: (value: never) => Uint8Array;
};

const HEADERS: readonly HeaderReader[] = [
  {
    name: 'decodeAdvert',
    phase: 'advertise',
    read: messages.decodeAdvert,
    write: messages.encodeAdvert,
  },
  {
    name: 'decodeShareHeader',
    phase: 'share',
    read: messages.decodeShareHeader,
    write: messages.encodeShareHeader,
  },
  {
    name: 'decodeMaskHeader',
    phase: 'mask',
    read: messages.decodeMaskHeader,
    write: messages.encodeMaskHeader,
  },
  {
    name: 'decodeUnmaskHeader',
    phase: 'unmask',
    read: messages.decodeUnmaskHeader,
    write: messages.encodeUnmaskHeader,
  },
];

/** A reader of what one phase's client is told, with its writer. */
type DownlinkReader = {
  readonly name: string;
  readonly phase: Phase;
  readonly read: (terms: Terms, to: number, bytes: Uint8Array) => unknown;
  readonly write: (terms: Terms, to: number, content: never) => Uint8Array;
};

const DOWNLINKS: readonly DownlinkReader[] = [
  {
    name: 'decodeAdvertsDownlink',
    phase: 'share',
    read: downlinks.decodeAdvertsDownlink,
    write: downlinks.encodeAdvertsDownlink,
  },
  {
    name: 'decodeSharesDownlink',
    phase: 'mask',
    read: downlinks.decodeSharesDownlink,
    write: downlinks.encodeSharesDownlink,
  },
  {
    name: 'decodeSurvivorsDownlink',
    phase: 'confirm',
    read: downlinks.decodeSurvivorsDownlink,
    write: downlinks.encodeSurvivorsDownlink,
  },
  {
    name: 'decodeQuorumDownlink',
    phase: 'unmask',
    read: downlinks.decodeQuorumDownlink,
    write: downlinks.encodeQuorumDownlink,
  },
];

function targetsOf(suite: SuiteName): readonly Target[] {
  const played = shared(`recording/${suite}`, () => smallRound(suite));
  const signerOf = async (): Promise<Signer> => (await played()).people.signers.get(ME) as Signer;
  const named = (name: string): string => `secagg/${name}-${suite}`;
  return [
    ...HEADERS.map(
      ({ name, phase, read, write }): Target => ({
        name: named(`${phase}-header`),
        covers: [name],
        prepare: async () => {
          const terms = termsOf((await played()).plan);
          return {
            samples: envelopesOf(await played(), phase).map(({ header }) => header),
            read: (bytes) => write(read(terms, bytes) as never),
          };
        },
      }),
    ),
    {
      name: named('share-parts'),
      covers: ['decodeParts', 'decodeSharePart'],
      prepare: async () => {
        const terms = termsOf((await played()).plan);
        return {
          samples: envelopesOf(await played(), 'share').map(({ payload }) => payload),
          read: (bytes) =>
            messages.encodeParts(
              messages
                .decodeParts(terms, bytes)
                .map((part) => messages.encodeSharePart(messages.decodeSharePart(terms, part))),
            ),
        };
      },
    },
    ...DOWNLINKS.map(
      ({ name, phase, read, write }): Target => ({
        name: named(`downlink-to-${phase}`),
        covers: [name],
        prepare: async () => {
          const terms = termsOf((await played()).plan);
          return {
            samples: [downlinkOf(await played(), phase)],
            read: (bytes) => write(terms, SELF, read(terms, SELF, bytes) as never),
          };
        },
      }),
    ),
    ...PHASES.map(
      (phase): Target => ({
        name: named(`accept-${phase}`),
        covers: ['accept'],
        // Everything is signed: another message is taken only where it is the same.
        prepare: async () => {
          const state = coordinatorAt(await played(), phase);
          const samples = uplinksOf(await played(), phase);
          return {
            samples,
            read: (bytes) => {
              const fault = coordinator.accept(state, bytes as never);
              const same = samples.find((sample) => Buffer.compare(sample, bytes) === 0);
              return unlessFault(fault, same ?? new Uint8Array(0));
            },
          };
        },
      }),
    ),
    ...PHASES.flatMap((phase) =>
      (['header', 'payload'] as const)
        .filter((part) => part === 'header' || phase === 'share' || phase === 'mask')
        .map(
          (part): Target => ({
            name: named(`accept-${phase}-signed-${part}`),
            covers: ['accept'],
            // A client of the round who signs what it likes.
            prepare: async () => {
              const of = await played();
              const terms = termsOf(of.plan);
              const signer = await signerOf();
              const honest = envelopesOf(of, phase)[SELF] as Envelope;
              return {
                samples: [honest[part]],
                read: async (bytes) => {
                  const { header, payload } =
                    part === 'header'
                      ? { ...honest, header: bytes }
                      : { ...honest, payload: bytes };
                  const { message } = await signMessage(
                    terms,
                    phase,
                    SELF,
                    signer,
                    header,
                    payload,
                  );
                  const state = coordinatorAt(of, phase);
                  const fault = coordinator.accept(state, message as never);
                  // Whatever was taken in can be saved and read again.
                  if (fault === undefined) coordinator.restore(of.plan, coordinator.save(state));
                  return unlessFault(fault);
                },
              };
            },
          }),
        ),
    ),
    ...PHASES.slice(1).map(
      (phase): Target => ({
        name: named(`client-${phase}`),
        covers: [],
        prepare: async () => {
          const of = await played();
          const signer = await signerOf();
          const saved = of.phases[phase].states.get(ME) as Uint8Array;
          return {
            samples: [downlinkOf(of, phase)],
            read: async (bytes) => {
              const claim = durableClaim(emptyDisk());
              const state = client.restore(of.reviewed, saved, { signer, claim });
              await stepOf<typeof FIELDS>(phase, state as never, bytes, of.inputs(ME));
              return 'taken' as const;
            },
          };
        },
      }),
    ),
    ...PHASES.slice(1).map(
      (phase): Target => ({
        name: named(`saved-client-${phase}`),
        covers: ['restore', 'beaconOfSaved'],
        prepare: async () => {
          const of = await played();
          const options = { signer: await signerOf(), claim: durableClaim(emptyDisk()) };
          return {
            samples: [of.phases[phase].states.get(ME) as Uint8Array],
            read: (bytes) => {
              beaconOfSaved(bytes);
              return client.save(client.restore(of.reviewed, bytes, options));
            },
          };
        },
        // Another client's state is the caller's mistake.
        throws: ['CodecError', 'UsageError'],
      }),
    ),
    ...PHASES.map(
      (phase): Target => ({
        name: named(`saved-coordinator-${phase}`),
        covers: ['restore', 'restoreCoordinator', 'beaconOfSavedCoordinator'],
        prepare: async () => {
          const of = await played();
          const spoilt = coordinatorAt(of, phase);
          for (const message of uplinksOf(of, phase)) {
            coordinator.accept(spoilt, message as never);
            coordinator.accept(spoilt, message.slice(1) as never);
          }
          return {
            samples: [of.phases[phase].coordinator, coordinator.save(spoilt)],
            read: (bytes) => {
              beaconOfSavedCoordinator(bytes);
              return coordinator.save(coordinator.restore(of.plan, bytes));
            },
          };
        },
      }),
    ),
  ];
}

export const secaggTargets: readonly Target[] = [
  ...targetsOf('x25519'),
  ...targetsOf('x25519-mlkem768'),
];
