/**
 * Verification on a chain: a Groth16 key as a Solidity contract for any EVM with the precompiles of
 * EIP-196 and EIP-197, and statements with their proofs as what that contract is called with.
 *
 * The contract takes what `verifyGroth16` takes and refuses what that refuses. It **reverts** on all
 * else, and returns nothing: a caller that goes on has a valid proof. Its error `ProofInvalid` is the one
 * judgement against a proof. Every other revert, out of gas among them, says nothing about it: whoever
 * pays for a call can make it fail.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { CodecError, UsageError } from '../errors.ts';
import { concat, utf8 } from '../internal/bytes.ts';
import { callSignature, contractText, PROOF_WORDS } from './contract-template.ts';
import { FIELD_BYTES, numberAt, R, writeNumber } from './groth16/field.ts';
import {
  insecureVerifyingKeyForTestingOnly,
  type VerifyingKey,
  verifyingKey,
} from './groth16/key.ts';
import { PROOF_BYTES, readKey, splitProof } from './groth16/layout.ts';
import { encodingFault } from './groth16/points.ts';

/** The most public inputs of a contract: each is paid for in every call, and in the contract's size. */
const MAX_CONTRACT_PUBLICS = 32;

/** Bytes of a proof before its points. */
const PROOF_HEAD: number = PROOF_BYTES - FIELD_BYTES * PROOF_WORDS;

/** How a contract is written. */
export type ContractOptions = {
  /** The contract's name: a capital letter, then letters and digits, at most 64 in all. */
  readonly name: string;
};

/**
 * The Solidity source of a contract that verifies proofs under one key. The same key and name give the
 * same text. It has one function, `requireValid(uint256[8] proof, uint256[n] publics)`, and the constant
 * `KEY_HASH`, which is `hash` of the key.
 *
 * **Security**: as `verifyingKey` says of the setup. A proof is no identity: (−A, −B, C) is accepted too,
 * so a contract that must act once remembers statements. Nothing is bound to a chain or an address unless
 * the statement says so. A proof whose points are none burns what gas it was given but for a 64th.
 * **Source**: Groth (eprint 2016/260), 3.2; EIP-196, EIP-197. **Cost**: those of loading a key, once;
 * gas is in README.md.
 *
 * @param key - the bytes of a verifying key, with 1 to 32 public inputs
 * @param options - see {@link ContractOptions}
 * @throws CodecError, ProtocolError as `verifyingKey`
 * @throws UsageError `out-of-range` for another name or number of public inputs; `wrong-type`
 */
export function verifierContract(key: Uint8Array, options: ContractOptions): string {
  return sourceOf(key, verifyingKey(key), options);
}

/**
 * As {@link verifierContract}, but takes keys that are marked insecure too. The mark goes over: such a
 * contract's name is the given one with `InsecureForTestingOnly` behind, and its first lines say why.
 *
 * **Security**: whoever knows the secrets of such a key proves anything to the contract.
 *
 * @param key - as for {@link verifierContract}
 * @param options - as for {@link verifierContract}
 * @throws CodecError, ProtocolError as `insecureVerifyingKeyForTestingOnly`
 * @throws UsageError as {@link verifierContract}
 */
export function insecureVerifierContractForTestingOnly(
  key: Uint8Array,
  options: ContractOptions,
): string {
  return sourceOf(key, insecureVerifyingKeyForTestingOnly(key), options);
}

function sourceOf(bytes: Uint8Array, key: VerifyingKey, options: ContractOptions): string {
  const name = options?.name;
  // The name is pasted into a program. A capital letter keeps it apart from the language's words.
  if (typeof name !== 'string' || !/^[A-Z][A-Za-z0-9]{0,63}$/.test(name)) {
    throw new UsageError(
      'out-of-range',
      'contract: name: expected a capital letter and up to 63 letters and digits',
    );
  }
  assertPublicsCount(key.publics);
  return contractText({
    name: key.insecure ? `${name}InsecureForTestingOnly` : name,
    keyHash: key.hash,
    key: readKey(bytes),
  });
}

/**
 * A proof as the contract takes it: the words A, B, C, on the twist imaginary parts first. For callers
 * that have the function's ABI.
 *
 * @param proof - 258 bytes
 * @returns eight numbers below p
 * @throws CodecError `malformed` (no proof; infinity), `non-canonical`. Curves are the contract's matter
 */
export function proofWords(proof: Uint8Array): readonly bigint[] {
  const body = proofBody(proof);
  return Array.from({ length: PROOF_WORDS }, (_, i) => numberAt(body, FIELD_BYTES * i));
}

/**
 * The whole data of a call of `requireValid`: selector, proof, public inputs.
 *
 * @param publics - 1 to 32 numbers from 0 to r − 1, as many as the key has
 * @param proof - 258 bytes
 * @returns 260 bytes and 32 for each public input
 * @throws CodecError as {@link proofWords}
 * @throws UsageError `out-of-range`, `wrong-type`
 */
export function encodeProofCalldata(publics: readonly bigint[], proof: Uint8Array): Uint8Array {
  if (!Array.isArray(publics)) {
    throw new UsageError('wrong-type', `publics: got ${typeof publics}, expected an array`);
  }
  assertPublicsCount(publics.length);
  const words = new Uint8Array(FIELD_BYTES * publics.length);
  for (let i = 0; i < publics.length; i++) {
    const value: unknown = publics[i];
    if (typeof value !== 'bigint' || value < 0n || value >= R) {
      throw new UsageError('out-of-range', `public input ${i}: expected a bigint from 0 to r − 1`);
    }
    writeNumber(words, FIELD_BYTES * i, value);
  }
  const selector = keccak_256(utf8(callSignature(publics.length))).subarray(0, 4);
  return concat(selector, proofBody(proof), words);
}

/** A, B and C side by side: our order is the precompile's. */
function proofBody(proof: Uint8Array): Uint8Array {
  const parts = splitProof(proof);
  if (parts === undefined) {
    throw new CodecError('malformed', 'proof: got other bytes, expected a proof of this version');
  }
  for (const [name, point] of Object.entries(parts)) {
    const fault = encodingFault(point);
    if (fault === undefined) continue;
    const code = fault === 'point-not-canonical' ? 'non-canonical' : 'malformed';
    throw new CodecError(
      code,
      `proof: ${name}: got a ${fault.replaceAll('-', ' ')}, expected another`,
    );
  }
  return proof.subarray(PROOF_HEAD);
}

function assertPublicsCount(count: number): void {
  if (count >= 1 && count <= MAX_CONTRACT_PUBLICS) return;
  throw new UsageError(
    'out-of-range',
    `contract: got ${count} public inputs, expected 1 to ${MAX_CONTRACT_PUBLICS}`,
  );
}
