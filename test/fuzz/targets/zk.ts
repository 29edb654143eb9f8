/** Readers of `zk`: points, commitments, keys, proofs, snarkjs's files, circuits. */

import { isBlinding } from '../../../src/zk/commitment/blinding.ts';
import {
  addCommitments,
  commitmentBases,
  commitVector,
  openSum,
} from '../../../src/zk/commitment/index.ts';
import { insecureVerifierContractForTestingOnly, proofWords } from '../../../src/zk/contract.ts';
import { decodePoint, encodePoint, readPoint } from '../../../src/zk/curve/points.ts';
import { insecureVerifyingKeyForTestingOnly, verifyingKey } from '../../../src/zk/groth16/key.ts';
import { readKey, splitProof, writeKey, writeProof } from '../../../src/zk/groth16/layout.ts';
import { noblePairing } from '../../../src/zk/groth16/noble-backend.ts';
import { readG1, readG2 } from '../../../src/zk/groth16/points.ts';
import {
  keyFromSnarkjs,
  keyToSnarkjs,
  proofFromSnarkjs,
  proofToSnarkjs,
  publicsFromSnarkjs,
  publicsToSnarkjs,
} from '../../../src/zk/groth16/snarkjs-json.ts';
import { verifyBatch, verifyGroth16 } from '../../../src/zk/groth16/verify.ts';
import { readProvingKey } from '../../../src/zk/prover/proving-key.ts';
import { readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { isInsecureProvingKey, keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { insecureUpdateKeyForTestingOnly } from '../../../src/zk/update/key.ts';
import {
  readUpdateKey,
  splitUpdateProof,
  writeUpdateKey,
  writeUpdateProof,
} from '../../../src/zk/update/layout.ts';
import { contributeToUpdateKey } from '../../../src/zk/update/setup.ts';
import { verifyUpdates } from '../../../src/zk/update/verify.ts';
import { artifact } from '../../zk/circuits/compile.ts';
import { insecureTinyKey } from '../../zk/circuits/keys.ts';
import { fixture, item, keyBytes, zkey } from '../../zk/groth16/support.ts';
import { itemOf, makeKeys, secretOf, TERMS, valuesOf } from '../../zk/update/support.ts';
import { bytesOf, textOf } from '../mutate.ts';
import { equal, onlyIf, shared } from '../samples.ts';
import type { Target } from '../target.ts';

const json = (value: unknown): Uint8Array => bytesOf(JSON.stringify(value));

/** One spelling each, white space aside: what was read is written and read again. */
function spelledAgain<T>(
  text: string,
  read: (text: string) => T,
  write: (value: T) => string,
): 'taken' {
  const first = write(read(text));
  if (write(read(first)) !== first) throw new Error('another value');
  return 'taken';
}

/** The update circuit's tiny keys, and an update that is proved under them. */
const updates = shared('updates', async () => {
  const made = await makeKeys(16);
  return { made, item: await itemOf(made, 'al', secretOf(valuesOf(1))) };
});

const groth16Targets: readonly Target[] = [
  {
    name: 'zk/verifying-key',
    covers: ['verifyingKey', 'insecureVerifyingKeyForTestingOnly', 'readKey', 'readG1', 'readG2'],
    prepare: () => ({
      samples: [keyBytes, keyFromProvingKey(insecureTinyKey())],
      read: (bytes) => {
        insecureVerifyingKeyForTestingOnly(bytes);
        try {
          verifyingKey(bytes);
        } catch (error) {
          if (!/insecure/.test((error as Error).message)) throw error;
        }
        insecureVerifierContractForTestingOnly(bytes, { name: 'A' });
        return writeKey(readKey(bytes));
      },
    }),
  },
  {
    name: 'zk/proof',
    covers: ['verifyGroth16', 'verifyBatch', 'splitProof'],
    throws: ['CodecError'],
    prepare: () => {
      const key = verifyingKey(keyBytes);
      return {
        samples: [item.proof],
        read: (bytes) => {
          const { valid } = verifyGroth16(key, item.publics, bytes);
          const batch = verifyBatch(key, [item, { publics: item.publics, proof: bytes }]);
          if (batch.valid !== valid) throw new Error('the batch says otherwise');
          const parts = splitProof(bytes);
          if (parts !== undefined) proofWords(bytes); // throws for what the contract would burn gas on
          return valid && parts !== undefined ? writeProof(parts) : 'refused';
        },
      };
    },
  },
  {
    name: 'zk/pairing-points',
    covers: ['readG1', 'readG2'],
    prepare: () => {
      const { alpha, beta } = readKey(keyBytes);
      return {
        samples: [alpha, beta],
        read: (bytes) => {
          const read = bytes.length > 64 ? readG2 : readG1;
          const isWhole = bytes.length === 64 || bytes.length === 128;
          return isWhole && typeof read(noblePairing, bytes) !== 'string' ? 'taken' : 'refused';
        },
      };
    },
  },
  {
    name: 'zk/snarkjs-key',
    covers: ['keyFromSnarkjs', 'readStrictJson'],
    shape: 'text',
    prepare: () => ({
      samples: [json(fixture.key), json(fixture.uncontributedKey)],
      read: (bytes) =>
        spelledAgain(textOf(bytes), (text) => keyFromSnarkjs(text, 'ceremony'), keyToSnarkjs),
    }),
  },
  {
    name: 'zk/snarkjs-proof',
    covers: ['proofFromSnarkjs', 'readStrictJson'],
    shape: 'text',
    prepare: () => ({
      samples: fixture.proofs.map(({ proof }) => json(proof)),
      read: (bytes) => spelledAgain(textOf(bytes), proofFromSnarkjs, proofToSnarkjs),
    }),
  },
  {
    name: 'zk/snarkjs-publics',
    covers: ['publicsFromSnarkjs', 'readStrictJson'],
    shape: 'text',
    prepare: () => ({
      samples: fixture.proofs.map(({ publics }) => json(publics)),
      read: (bytes) => spelledAgain(textOf(bytes), publicsFromSnarkjs, publicsToSnarkjs),
    }),
  },
  {
    name: 'zk/r1cs',
    covers: ['readR1cs', 'readSections'],
    prepare: () => ({
      samples: [artifact('aggregate-2x4', 'r1cs')],
      read: (bytes) => {
        readR1cs(bytes);
        return 'taken';
      },
    }),
  },
  {
    name: 'zk/proving-key',
    covers: ['keyFromProvingKey', 'isInsecureProvingKey', 'readSections'],
    prepare: () => ({
      samples: [zkey('cubic'), zkey('cubic-uncontributed'), insecureTinyKey()],
      read: (bytes) => {
        const isInsecure = isInsecureProvingKey(bytes);
        const key = keyFromProvingKey(bytes);
        if ((readKey(key).setup === 'insecure') !== isInsecure) throw new Error('lost the mark');
        return equal(writeKey(readKey(key)), key) ? 'taken' : 'refused';
      },
    }),
  },
  {
    name: 'zk/prover-key',
    covers: ['readProvingKey'],
    prepare: () => ({
      samples: [zkey('cubic'), insecureTinyKey()],
      read: (bytes) => {
        readProvingKey(bytes);
        return 'taken';
      },
    }),
  },
];

const commitmentTargets: readonly Target[] = [
  {
    name: 'zk/point',
    covers: ['readPoint', 'decodePoint', 'addCommitments'],
    prepare: async () => {
      const bases = await commitmentBases(1);
      const samples = await Promise.all(
        [1, 2].map((fill) =>
          commitVector(bases, Int32Array.of(fill), 4, [new Uint8Array(32).fill(fill)]),
        ),
      );
      return {
        samples,
        read: (bytes) => {
          const point = readPoint(bytes);
          if (point === undefined) {
            decodePoint('fuzz', bytes); // must throw
            throw new Error('one reader takes what the other refuses');
          }
          addCommitments([bytes, bytes]);
          return encodePoint(point);
        },
      };
    },
  },
  {
    name: 'zk/opening',
    covers: ['openSum', 'isBlinding'],
    prepare: async () => {
      const bases = await commitmentBases(3);
      const blinding = new Uint8Array(32).fill(1);
      const commitment = await commitVector(bases, Int32Array.of(1, 2, 3), 4, [blinding]);
      const honest = Buffer.concat([blinding, commitment]);
      return {
        samples: [new Uint8Array(honest)],
        read: async (bytes) => {
          const given = bytes.subarray(0, 32);
          const verdict = await openSum(bases, {
            length: 3,
            groups: [{ bits: 4, commitments: [bytes.subarray(32)] }],
            aggregate: [1, 2, 3],
            blindings: [given],
          });
          if (verdict.valid && !isBlinding(given)) throw new Error('opened by no blinding');
          return onlyIf(verdict.valid, new Uint8Array(honest));
        },
      };
    },
  },
];

const updateTargets: readonly Target[] = [
  {
    name: 'zk/update-key-layout',
    covers: ['readUpdateKey'],
    isSlow: true,
    prepare: async () => ({
      samples: [(await updates()).made.bytes],
      read: (bytes) => writeUpdateKey(readUpdateKey(bytes)),
    }),
  },
  {
    name: 'zk/update-key',
    covers: ['insecureUpdateKeyForTestingOnly', 'contributeToUpdateKey'],
    isSlow: true,
    prepare: async () => {
      const { bytes: honest } = (await updates()).made;
      return {
        samples: [honest],
        read: async (bytes) => {
          // Whoever is handed a key looks at it before adding to it.
          await insecureUpdateKeyForTestingOnly(bytes);
          contributeToUpdateKey(bytes);
          return onlyIf(true, honest);
        },
      };
    },
  },
  {
    name: 'zk/update-contribution',
    covers: ['contributeToUpdateKey'],
    isSlow: true,
    prepare: async () => ({
      samples: [(await updates()).made.bytes],
      read: (bytes) => {
        contributeToUpdateKey(bytes);
        return 'taken';
      },
    }),
  },
  {
    name: 'zk/update-proof',
    covers: ['verifyUpdates', 'splitUpdateProof'],
    isSlow: true,
    throws: [],
    prepare: async () => {
      const { made, item: honest } = await updates();
      return {
        samples: [honest.proof],
        read: (bytes) => {
          const { valid } = verifyUpdates(made.key, TERMS, [{ ...honest, proof: bytes }]);
          const half = bytes.subarray(0, bytes.length / 2);
          const parts = splitUpdateProof(half);
          if (valid && (parts === undefined || !equal(writeUpdateProof(parts), half))) {
            throw new Error('valid, and not its own encoding');
          }
          return valid ? 'taken' : 'refused';
        },
      };
    },
  },
];

export const zkTargets: readonly Target[] = [
  ...groth16Targets,
  ...commitmentTargets,
  ...updateTargets,
];
