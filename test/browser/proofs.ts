/** What anyone checks in a page, on noble alone: proofs of snarkjs, and a sum against commitments. */
import {
  addBlindings,
  addCommitments,
  commitmentBases,
  commitVector,
  freshBlinding,
  keyFromSnarkjs,
  openSum,
  proofFromSnarkjs,
  publicsFromSnarkjs,
  verifyBatch,
  verifyGroth16,
  verifyingKey,
} from '../../src/zk/index.ts';

/** The committed files of snarkjs, as far as they are read here. */
export type Files = {
  readonly key: object;
  readonly proofs: readonly { readonly publics: object; readonly proof: object }[];
};

/** What {@link checkProofs} gives. */
export const EXPECTED = {
  backend: 'noble',
  proved: { valid: true },
  exchanged: { valid: false, reason: 'equation' },
  batch: { valid: true },
  opened: { valid: true },
  changed: { valid: false, reason: 'does-not-open', chunk: 0 },
} as const;

/** Verifies valid and invalid proofs, and opens a sum of two vectors and another one. */
export async function checkProofs(files: Files): Promise<Record<keyof typeof EXPECTED, unknown>> {
  const key = verifyingKey(keyFromSnarkjs(JSON.stringify(files.key), 'ceremony'));
  const items = files.proofs.slice(0, 3).map(({ publics, proof }) => ({
    publics: publicsFromSnarkjs(JSON.stringify(publics)),
    proof: proofFromSnarkjs(JSON.stringify(proof)),
  }));
  const [first, second] = items;
  if (first === undefined || second === undefined) throw new Error('no proofs');

  const bits = 16;
  const vectors = [Int32Array.of(1, -2, 3_000), Int32Array.of(-32_768, 32_767, 5)];
  const sum = [-32_767, 32_765, 3_005];
  const bases = await commitmentBases(sum.length);
  const blindings = vectors.map(() => freshBlinding());
  const commitments: Uint8Array[] = [];
  for (const [i, vector] of vectors.entries()) {
    commitments.push(await commitVector(bases, vector, bits, blindings.slice(i, i + 1)));
  }
  const claim = {
    length: sum.length,
    groups: [{ bits, commitments }],
    aggregate: sum,
    blindings: [addBlindings(...blindings)],
  };
  // The sum of commitments is a commitment itself.
  const joined = [{ bits: bits + 1, commitments: [addCommitments(commitments)] }];
  return {
    backend: key.backend,
    proved: verifyGroth16(key, first.publics, first.proof),
    exchanged: verifyGroth16(key, second.publics, first.proof),
    batch: verifyBatch(key, items),
    opened: await openSum(bases, { ...claim, groups: joined }),
    changed: await openSum(bases, { ...claim, aggregate: sum.with(0, -32_766) }),
  };
}
