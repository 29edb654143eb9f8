/** Readers of `identity`: rosters, boxes, signatures, public keys, names. */
import { clientId, faultOfId } from '../../../src/identity/client-id.ts';
import {
  isValidIdentityKey,
  verifySignature,
  verifySignatureWith,
} from '../../../src/identity/ed25519.ts';
import { ed25519Backend, nobleEd25519 } from '../../../src/identity/ed25519-backends.ts';
import { isValidMlKemKey, mlKemKeyPair } from '../../../src/identity/ml-kem.ts';
import { readRoster, rosterBytes, signRoster } from '../../../src/identity/roster.ts';
import { aeadBackend, nobleAead, openBox, sealBox } from '../../../src/identity/sealed-box.ts';
import { signerFromPrivateKey } from '../../../src/identity/signer.ts';
import { SUITE_NAMES, suite } from '../../../src/identity/suite.ts';
import { isCanonicalX25519, x25519KeyPair } from '../../../src/identity/x25519.ts';
import { equal, onlyIf } from '../samples.ts';
import type { Target } from '../target.ts';

const secret = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const signer = signerFromPrivateKey(secret(1));
const text = new TextDecoder();
const MESSAGE = Uint8Array.of(1, 2, 3);

/** Two back ends must be of one mind. */
function both(a: boolean, b: boolean): boolean {
  if (a !== b) throw new Error(`one back end says ${a}, the other ${b}`);
  return a;
}

export const identityTargets: readonly Target[] = [
  {
    name: 'identity/roster',
    covers: ['readRoster'],
    prepare: async () => {
      const people = ['al', 'bo', 'Zoë', 'x'.repeat(64)].map((id, i) => ({
        id: clientId(id),
        publicKey: signerFromPrivateKey(secret(i + 2)).publicKey,
      }));
      const rosters = [await signRoster(people, signer), await signRoster(people.slice(1), signer)];
      return {
        samples: rosters.map(rosterBytes),
        read: (bytes) => {
          const own = rosterBytes(readRoster(bytes));
          return equal(own, rosterBytes(readRoster(bytes, signer.publicKey))) ? own : 'refused';
        },
      };
    },
  },
  {
    name: 'identity/client-id',
    covers: ['clientId', 'faultOfId'],
    prepare: () => ({
      samples: ['al', 'Zoë', 'x'.repeat(64)].map((id) => new TextEncoder().encode(id)),
      read: (bytes) => {
        const id = text.decode(bytes);
        if (faultOfId(id) !== undefined) {
          clientId(id); // must throw
          throw new Error('a faulty id was taken');
        }
        const again = new TextEncoder().encode(clientId(id));
        return equal(again, bytes) ? again : 'taken';
      },
    }),
    throws: ['UsageError'],
  },
  {
    name: 'identity/signature',
    covers: ['verifySignature', 'verifySignatureWith'],
    prepare: async () => {
      const signature = await signer.sign(MESSAGE);
      return {
        samples: [signature],
        read: (bytes) => {
          const { publicKey } = signer;
          const said = verifySignature(publicKey, MESSAGE, bytes);
          const noble = verifySignatureWith(nobleEd25519, publicKey, MESSAGE, bytes);
          return onlyIf(both(said, noble), signature);
        },
      };
    },
  },
  {
    name: 'identity/identity-key',
    covers: ['isValidIdentityKey', 'verifySignatureWith'],
    prepare: async () => {
      const signature = await signer.sign(MESSAGE);
      return {
        samples: [signer.publicKey, signerFromPrivateKey(secret(3)).publicKey],
        read: (bytes) => {
          for (const backend of [ed25519Backend, nobleEd25519]) {
            const isSigned = verifySignatureWith(backend, bytes, MESSAGE, signature);
            if (isSigned !== equal(bytes, signer.publicKey)) throw new Error('another key signed');
          }
          return isValidIdentityKey(bytes) ? 'taken' : 'refused';
        },
      };
    },
  },
  {
    name: 'identity/box',
    covers: ['openBox'],
    prepare: () => {
      const [key, data] = [secret(9), Uint8Array.of(5)];
      const box = sealBox(key, new Uint8Array(40).fill(3), data);
      return {
        samples: [box],
        read: (bytes) => {
          const opened = openBox(key, bytes, data);
          const others =
            bytes.length < 16 ? undefined : nobleAead.open(key, new Uint8Array(12), bytes, data);
          both(opened === undefined, others === undefined || aeadBackend === nobleAead);
          return opened === undefined ? 'refused' : sealBox(key, opened, data);
        },
      };
    },
  },
  {
    name: 'identity/x25519-key',
    covers: ['isCanonicalX25519'],
    prepare: () => ({
      samples: [x25519KeyPair(secret(4)).publicKey],
      read: (bytes) => {
        const isKey = isCanonicalX25519(bytes);
        const value = BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`);
        both(isKey, bytes.length === 32 && value < 2n ** 255n - 19n);
        return isKey ? 'taken' : 'refused';
      },
    }),
  },
  {
    name: 'identity/ml-kem-key',
    covers: ['isValidMlKemKey'],
    prepare: () => ({
      samples: [mlKemKeyPair(new Uint8Array(64).fill(1)).publicKey],
      read: (bytes) => (isValidMlKemKey(bytes) ? 'taken' : 'refused'),
    }),
  },
  ...SUITE_NAMES.map((name): Target => {
    const of = suite(name);
    return {
      name: `identity/agreement-key-${name}`,
      covers: ['isCanonicalX25519', 'isValidMlKemKey'],
      prepare: () => {
        const own = of.keyPair(secret(5));
        return {
          samples: [of.keyPair(secret(6)).publicKey],
          read: (bytes) => {
            if (!of.checkPublicKey(bytes)) return 'refused';
            // A key that passes can be used: nothing throws later, in the middle of a round.
            const { kemSecret } = of.encapsulate(bytes, secret(7));
            of.sharedSecret(own, bytes, kemSecret);
            return 'taken';
          },
        };
      },
    };
  }),
];
