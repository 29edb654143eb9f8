/** Readers of `he`: the codec, plans, saved holders, and every message of an encrypted round. */
import type { VeilsumError } from '../../../src/errors.ts';
import { checkLattice, coefficientsOf } from '../../../src/he/codec.ts';
import { bytesOf as wordsOf } from '../../../src/he/committee/modular.ts';
import {
  acceptEncrypted,
  checkCommitted,
  decodeLattice,
  type EncryptedPhase,
  type EncryptedRoundPolicy,
  encodeLattice,
  encryptForRound,
  fetchHalf,
  openSum,
  readEncryptedRound,
  restoreHolder,
  revealShare,
  saveHolder,
  signClose,
  signRoot,
} from '../../../src/he/index.ts';
import { checkAnswer } from '../../../src/he/round/answers.ts';
import { ledgerOf } from '../../../src/he/round/coordinator-state.ts';
import * as messages from '../../../src/he/round/messages.ts';
import {
  boxSuite,
  decodeJoin,
  decodeReveal,
  decodeRevealHeader,
  encodeJoin,
} from '../../../src/he/round/setup-messages.ts';
import type { Signer } from '../../../src/identity/signer.ts';
import { encode } from '../../../src/wire/cbor.ts';
import { decodeEnvelope, type Envelope } from '../../../src/wire/envelope.ts';
import { type Cast, castOf, diskClaim, planFor } from '../../he/round/support.ts';
import { type Encrypted, encryptedUntil } from '../encrypted.ts';
import { equal, shared, unlessFault } from '../samples.ts';
import type { Target } from '../target.ts';

const ANY_LENGTH = { header: 2 ** 20, payload: 2 ** 26 };
const opened = (message: Uint8Array | undefined): Envelope =>
  decodeEnvelope(message as Uint8Array, ANY_LENGTH);

/** For those who change nothing in it. */
const whole = shared('encrypted', () => encryptedUntil('open'));
/** Committees take a second each. */
const SETUP: readonly string[] = ['join', 'reveal'];

const policyOf = ({ voucher }: Cast): EncryptedRoundPolicy => ({
  clientVoucher: voucher.publicKey,
  holderVoucher: voucher.publicKey,
  floor: 2,
  threshold: 1,
});

/** The coordinator as if this sender had said nothing yet in this phase. */
function unsaid({ state }: Encrypted, sender: number): void {
  const { joins, reveals, keys, commits, roots, closes, answers } = ledgerOf(state);
  const phase: EncryptedPhase = state.phase;
  const said = {
    join: joins,
    reveal: reveals,
    key: keys,
    commit: commits,
    root: roots,
    close: closes,
    open: answers,
  };
  if (phase !== 'upload') said[phase].delete(sender);
}

const PHASES = ['join', 'reveal', 'key', 'commit', 'root', 'upload', 'close', 'open'] as const;

const acceptTargets: readonly Target[] = [
  ...PHASES.map(
    (phase): Target => ({
      name: `he/accept-${phase}`,
      covers: ['acceptEncrypted'],
      isSlow: SETUP.includes(phase),
      prepare: async () => {
        const of = await encryptedUntil(phase);
        const samples = of.uplinks[phase] as readonly Uint8Array[];
        return {
          samples: phase === 'upload' ? samples : samples.slice(0, 1),
          read: (bytes) => {
            const fault = acceptEncrypted(of.state, bytes as never);
            if (phase === 'upload')
              for (const { there } of ledgerOf(of.state).commits.values()) there.fill(0);
            else unsaid(of, 0);
            return unlessFault(
              fault,
              samples.find((one) => equal(one, bytes)) ?? new Uint8Array(0),
            );
          },
        };
      },
    }),
  ),
  ...(
    [
      ['join', 'header'],
      ['key', 'header'],
      ['key', 'payload'],
      ['commit', 'header'],
      ['commit', 'payload'],
      ['root', 'header'],
      ['close', 'header'],
      ['open', 'header'],
      ['open', 'payload'],
    ] as const
  ).map(
    ([phase, part]): Target => ({
      name: `he/accept-${phase}-signed-${part}`,
      covers: ['acceptEncrypted'],
      isSlow: SETUP.includes(phase),
      // Somebody of the round who signs what it likes.
      prepare: async () => {
        const of = await encryptedUntil(phase);
        const honest = opened(of.uplinks[phase]?.[0]);
        const signers = phase === 'commit' ? of.cast.clients : of.cast.holders;
        return {
          samples: [honest[part]],
          read: async (bytes) => {
            const [header, payload] =
              part === 'header' ? [bytes, honest.payload] : [honest.header, bytes];
            const signer = signers[0] as Signer;
            const { message } = await messages.say(of.plan, phase, 0, signer, header, payload);
            unsaid(of, 0);
            return unlessFault(acceptEncrypted(of.state, message as never));
          },
        };
      },
    }),
  ),
];

/** Steps of those who are told something by the coordinator. */
const downlinkTargets: readonly Target[] = [
  {
    name: 'he/downlink-to-commit',
    covers: ['encryptForRound'],
    prepare: async () => {
      const { plan, seal, cast, downlinks } = await whole();
      return {
        samples: [downlinks.commit as Uint8Array],
        read: async (bytes) => {
          const signer = cast.clients[0] as Signer;
          await encryptForRound(
            plan,
            seal,
            signer,
            bytes as never,
            new Float64Array(plan.sum.length),
          );
          return 'taken' as const;
        },
      };
    },
  },
  {
    name: 'he/downlink-to-upload',
    covers: ['checkCommitted', 'readQuorum'],
    isSlow: true,
    prepare: async () => {
      let of = await encryptedUntil('upload');
      return {
        samples: [of.downlinks.upload as Uint8Array],
        read: async (bytes) => {
          const client = of.waiting.shift();
          if (client === undefined) throw new Error('no client');
          try {
            checkCommitted(client, bytes as never);
            return 'taken' as const;
          } finally {
            // Spent or not, the next case gets one of a round played again.
            of = await encryptedUntil('upload');
          }
        },
      };
    },
  },
  ...(['root', 'close', 'open'] as const).map(
    (step): Target => ({
      name: `he/downlink-to-${step}`,
      covers: ['readQuorum'],
      prepare: async () => {
        const of = await whole();
        const { plan, seal, cast, state, saved, downlinks } = of;
        const signer = cast.holders[0] as Signer;
        return {
          samples: [downlinks[step] as Uint8Array],
          read: async (bytes) => {
            const holder = restoreHolder(plan, seal, saved[step] as Uint8Array, {
              signer,
              claim: diskClaim(),
            }) as never;
            if (step === 'root') await signRoot(holder, bytes as never);
            else if (step === 'close') await signClose(holder, bytes as never);
            else
              await openSum(holder, bytes as never, (...which) =>
                fetchHalf(state as never, ...which),
              );
            return 'taken' as const;
          },
        };
      },
    }),
  ),
  {
    name: 'he/fetched-half',
    covers: ['openSum'],
    prepare: async () => {
      const { plan, seal, cast, state, saved, downlinks } = await whole();
      const honest = await fetchHalf(state as never, 'body', 1, 0);
      return {
        samples: [honest],
        read: async (bytes) => {
          const signer = cast.holders[0] as Signer;
          const options = { signer, claim: diskClaim() };
          const holder = restoreHolder(plan, seal, saved.open as Uint8Array, options) as never;
          await openSum(holder, downlinks.open as never, (half, sender, index) =>
            half === 'body' && sender === 1
              ? bytes
              : fetchHalf(state as never, half, sender, index),
          );
          return honest;
        },
      };
    },
  },
  {
    name: 'he/downlink-to-reveal',
    covers: ['revealShare'],
    isSlow: true,
    prepare: async () => {
      let of = await encryptedUntil('reveal');
      return {
        samples: [of.downlinks.reveal as Uint8Array],
        read: async (bytes) => {
          const member = of.joined.shift();
          if (member === undefined) throw new Error('no member');
          try {
            await revealShare(member, bytes as never);
            return of.downlinks.reveal as Uint8Array;
          } finally {
            of = await encryptedUntil('reveal');
          }
        },
      };
    },
  },
];

export const heTargets: readonly Target[] = [
  {
    name: 'he/plan',
    covers: ['readEncryptedRound'],
    prepare: async () => {
      const alone = await whole();
      const cast = await castOf(3, 3);
      const committee = planFor(cast, { threshold: 2, nonce: new Uint8Array(16) });
      return {
        samples: [alone.plan.bytes, committee.bytes],
        read: (bytes) => {
          try {
            return readEncryptedRound(bytes, policyOf(alone.cast)).bytes;
          } catch (error) {
            if ((error as VeilsumError).code !== 'bad-roster') throw error;
            return readEncryptedRound(bytes, policyOf(cast)).bytes;
          }
        },
      };
    },
  },
  ...(['ciphertext', 'public-key', 'mask', 'dealt-share'] as const).map(
    (kind): Target => ({
      name: `he/codec-${kind}`,
      covers: ['decodeLattice', 'checkLattice', 'checkLength', 'checkHead', 'checkFound'],
      prepare: async () => {
        const { plan } = await whole();
        const head = { kind, set: plan.sum.set, roundId: plan.roundId, index: 3 };
        // Words below every prime, two for each coefficient.
        const words = Uint32Array.from(
          { length: 2 * coefficientsOf(plan.sum.set, kind) },
          (_, i) => (i % 2 === 0 ? Math.imul(i + 1, 0x9e3779b1) : 0),
        );
        const honest = encodeLattice(head, new Uint8Array(words.buffer));
        return {
          samples: [honest],
          read: (bytes) => {
            const read = decodeLattice(head, bytes);
            checkLattice(head, bytes);
            return encodeLattice(head, wordsOf(read));
          },
        };
      },
    }),
  ),
  {
    name: 'he/join',
    covers: ['decodeJoin'],
    isSlow: true,
    prepare: async () => ({
      samples: ((await encryptedUntil('join')).uplinks.join ?? []).map((one) => opened(one).header),
      read: (bytes) => {
        const join = decodeJoin(bytes);
        if (!boxSuite.checkPublicKey(join.boxKey)) throw new Error('a key that cannot be used');
        return encodeJoin(join);
      },
    }),
  },
  {
    name: 'he/reveal',
    covers: ['decodeReveal', 'decodeRevealHeader', 'checkRevealed'],
    isSlow: true,
    prepare: async () => {
      const { plan, uplinks } = await encryptedUntil('reveal');
      return {
        samples: uplinks.reveal as readonly Uint8Array[],
        read: (bytes) => {
          const { envelope, said, share, boxes } = decodeReveal(plan, bytes, 2);
          decodeRevealHeader(plan, said.header);
          return encode([envelope, share, boxes as Uint8Array[]]);
        },
      };
    },
  },
  {
    name: 'he/root-header',
    covers: ['decodeRoot'],
    prepare: async () => {
      const { plan, uplinks } = await whole();
      return {
        samples: [opened(uplinks.root?.[0]).header],
        read: (bytes) => messages.encodeRoot(messages.decodeRoot(plan, bytes)),
      };
    },
  },
  {
    name: 'he/close-header',
    covers: ['decodeClose'],
    prepare: async () => {
      const { plan, uplinks } = await whole();
      return {
        samples: [opened(uplinks.close?.[0]).header],
        read: (bytes) => messages.encodeClose(plan, messages.decodeClose(plan, bytes)),
      };
    },
  },
  {
    name: 'he/quorum',
    covers: ['readQuorum'],
    prepare: async () => {
      const { plan, downlinks } = await whole();
      return {
        samples: [downlinks.open as Uint8Array],
        read: (bytes) => messages.encodeQuorum(plan, messages.readQuorum(plan, 'close', bytes)),
      };
    },
  },
  {
    name: 'he/answer',
    covers: ['checkAnswer'],
    prepare: async () => {
      const { plan, uplinks } = await whole();
      const { payload } = opened(uplinks.open?.[0]);
      return {
        samples: [payload],
        read: (bytes) => {
          if (bytes.length !== payload.length) return 'refused'; // whoever calls has looked
          checkAnswer(plan, 0, bytes);
          return 'taken' as const;
        },
      };
    },
  },
  ...(['root', 'close', 'open'] as const).map(
    (step): Target => ({
      name: `he/saved-holder-${step}`,
      covers: ['restoreHolder'],
      prepare: async () => {
        const { plan, seal, cast, saved } = await whole();
        const options = { signer: cast.holders[0] as Signer, claim: diskClaim() };
        return {
          samples: [saved[step] as Uint8Array],
          read: (bytes) => saveHolder(restoreHolder(plan, seal, bytes, options)),
        };
      },
    }),
  ),
  ...downlinkTargets,
  ...acceptTargets,
];
