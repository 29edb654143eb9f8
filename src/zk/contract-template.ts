/**
 * The Solidity text of a verifier, from the points of a key. Written to be read by whoever deploys it:
 * no assembly, nothing stored, and every failure a revert.
 *
 * β, γ and δ stand in it negated, so that a proof's own points go to the pairing as they came and no
 * arithmetic on coordinates happens on the chain.
 */
import { toHex } from '../internal/bytes.ts';
import { FIELD_BYTES, numberAt, P, R } from './groth16/field.ts';
import type { KeyParts } from './groth16/layout.ts';

/** What the text is made of. */
export type ContractParts = {
  /** A Solidity identifier. */
  readonly name: string;
  /** SHA-256 of the key's bytes. */
  readonly keyHash: Uint8Array;
  /** The points, each known to be in its group. */
  readonly key: KeyParts;
};

/** Words of a proof: A, B and C. */
export const PROOF_WORDS = 8;

/** Bytes of a call: a selector, the proof, the public inputs. */
export const callBytes = (publics: number): number => 4 + FIELD_BYTES * (PROOF_WORDS + publics);

/** The function that the contract has, as selectors are computed from it. */
export const callSignature = (publics: number): string =>
  `requireValid(uint256[${PROOF_WORDS}],uint256[${publics}])`;

/**
 * The text, the same for the same parts.
 *
 * **Source**: precompiles 6 and 7 as of EIP-196, 8 as of EIP-197.
 */
export function contractText({ name, keyHash, key }: ContractParts): string {
  const publics = key.ic.length - 1;
  const sum = Array.from({ length: publics }, (_, k) => {
    const point = `IC_${k + 1}_X, IC_${k + 1}_Y`;
    return `        (x, y) = _plusMultiple(x, y, ${point}, publics[${k}]);`;
  });
  return `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title A Groth16 verifier on BN254 for one key
/// @notice requireValid returns if the proof is valid and reverts otherwise. It never returns false.
/// @dev Made by veilsum from the verifying key whose SHA-256 is KEY_HASH. Do not edit: make it again.
${key.setup === 'insecure' ? INSECURE : ''}contract ${name} {
    /// @notice The proof was judged, and it does not prove this statement. The only error that says so.
    error ProofInvalid();

    /// @notice Nothing was judged: a precompile failed. The proof holds something that is no point of its
    /// group, or there was too little gas, or this chain lacks EIP-196 and EIP-197.
    error NotJudged();

    /// @notice A coordinate is not below the field's prime, or a point is infinity.
    error ProofMalformed();

    /// @notice A public input is not below the order of the groups: it would be another one's second form.
    error PublicInputOutOfRange(uint256 index);

    /// @notice The call's data is longer than its arguments.
    error WrongLength();

    /// @notice SHA-256 of the verifying key, as veilsum pins it.
    bytes32 public constant KEY_HASH = 0x${toHex(keyHash)};

    // Coordinates are below BASE_FIELD, public inputs below SCALAR_FIELD.
    uint256 private constant BASE_FIELD = ${word(P)};
    uint256 private constant SCALAR_FIELD = ${word(R)};

    // Points of G1 are x, y. Those of G2 have the imaginary part of each coordinate first.
${g1('ALPHA', key.alpha)}
${negatedG2('BETA', key.beta)}
${negatedG2('GAMMA', key.gamma)}
${negatedG2('DELTA', key.delta)}
${key.ic.map((point, k) => g1(`IC_${k}`, point)).join('\n')}

    /// @notice Reverts unless the proof is valid for these public inputs.
    /// @param proof A, B and C: x, y; then imaginary and real part of x, and of y; then x, y.
    /// @param publics The public inputs, in the circuit's order.
    function requireValid(uint256[${PROOF_WORDS}] calldata proof, uint256[${publics}] calldata publics) external view {
        if (msg.data.length != ${callBytes(publics)}) revert WrongLength();
        for (uint256 i = 0; i < ${publics}; ++i) {
            if (publics[i] >= SCALAR_FIELD) revert PublicInputOutOfRange(i);
        }
        for (uint256 i = 0; i < ${PROOF_WORDS}; ++i) {
            if (proof[i] >= BASE_FIELD) revert ProofMalformed();
        }
        if ((proof[0] | proof[1]) == 0) revert ProofMalformed();
        if ((proof[2] | proof[3] | proof[4] | proof[5]) == 0) revert ProofMalformed();
        if ((proof[6] | proof[7]) == 0) revert ProofMalformed();

        // IC_0 + sum of publics[k] * IC_(k+1)
        (uint256 x, uint256 y) = (IC_0_X, IC_0_Y);
${sum.join('\n')}

        // e(A, B) * e(alpha, -beta) * e((x, y), -gamma) * e(C, -delta) = 1
        uint256[24] memory pairs = [
            proof[0], proof[1], proof[2], proof[3], proof[4], proof[5],
            ALPHA_X, ALPHA_Y, ${g2Names('BETA')},
            x, y, ${g2Names('GAMMA')},
            proof[6], proof[7], ${g2Names('DELTA')}
        ];
        uint256 isOne = abi.decode(_precompile(address(8), abi.encode(pairs), 32), (uint256));
        if (isOne != 1) revert ProofInvalid();
    }

    /// (x, y) + scalar * (px, py)
    function _plusMultiple(uint256 x, uint256 y, uint256 px, uint256 py, uint256 scalar)
        private
        view
        returns (uint256, uint256)
    {
        (px, py) = abi.decode(_precompile(address(7), abi.encode(px, py, scalar), 64), (uint256, uint256));
        return abi.decode(_precompile(address(6), abi.encode(x, y, px, py), 64), (uint256, uint256));
    }

    /// Failure is told from an answer by the call's own success and the length of what came back: a
    /// precompile that fails or starves says nothing, and an address without code succeeds with nothing.
    function _precompile(address target, bytes memory input, uint256 length)
        private
        view
        returns (bytes memory output)
    {
        bool isDone;
        (isDone, output) = target.staticcall(input);
        if (!isDone || output.length != length) revert NotJudged();
    }
}
`;
}

const INSECURE = `/// @custom:security INSECURE, FOR TESTING ONLY: the secrets of this key's setup may be known, and
/// whoever knows them proves anything.
`;

const word = (value: bigint): string => `0x${value.toString(16).padStart(2 * FIELD_BYTES, '0')}`;

const constant = (name: string, value: bigint): string =>
  `    uint256 private constant ${name} = ${word(value)};`;

const coordinate = (point: Uint8Array, i: number): bigint => numberAt(point, FIELD_BYTES * i);

function g1(name: string, point: Uint8Array): string {
  return [
    constant(`${name}_X`, coordinate(point, 0)),
    constant(`${name}_Y`, coordinate(point, 1)),
  ].join('\n');
}

/** In the order of the precompile, which is that of our keys. */
const G2_PARTS = ['X_IMAGINARY', 'X_REAL', 'Y_IMAGINARY', 'Y_REAL'] as const;

const g2Names = (name: string): string =>
  G2_PARTS.map((part) => `MINUS_${name}_${part}`).join(', ');

function negatedG2(name: string, point: Uint8Array): string {
  return G2_PARTS.map((part, i) => {
    const value = coordinate(point, i);
    return constant(`MINUS_${name}_${part}`, i < 2 ? value : (P - value) % P);
  }).join('\n');
}
