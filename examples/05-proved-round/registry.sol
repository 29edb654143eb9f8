// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Verifier {
    function requireValid(uint256[8] calldata proof, uint256[1] calldata publics) external view;
}

/// Remembers sums that were proved. A statement is a hash of the round, of every commitment, of the bound and of
/// the sum, so it is the statement that is remembered, and never a proof: one proof can be written in many ways.
contract SumRegistry {
    error AlreadyProved(uint256 statement);

    event Proved(uint256 indexed statement);

    Verifier public immutable VERIFIER;
    mapping(uint256 => bool) public isProved;

    constructor(Verifier verifier) {
        VERIFIER = verifier;
    }

    function prove(uint256[8] calldata proof, uint256 statement) external {
        if (isProved[statement]) revert AlreadyProved(statement);
        VERIFIER.requireValid(proof, [statement]);
        isProved[statement] = true;
        emit Proved(statement);
    }
}
