// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface Verifier {
    error ProofInvalid();

    function requireValid(uint256[8] calldata proof, uint256[1] calldata publics) external view;
}

/// Calls anything with chosen gas, and tells how it ended.
contract Probe {
    function attempt(address target, bytes calldata data, uint256 gas)
        external
        view
        returns (bool isDone, bytes memory answer)
    {
        return target.staticcall{gas: gas}(data);
    }
}

/// Remembers statements that were proved, each once. It recomputes nothing.
contract Registry {
    error AlreadyProved(uint256 statement);

    Verifier private immutable VERIFIER;
    mapping(uint256 => bool) public isProved;
    uint256 public count;

    constructor(Verifier verifier) {
        VERIFIER = verifier;
    }

    function prove(uint256[8] calldata proof, uint256 statement) external {
        if (isProved[statement]) revert AlreadyProved(statement);
        VERIFIER.requireValid(proof, [statement]);
        isProved[statement] = true;
        ++count;
    }
}

/// Wrong on purpose: takes a proof for an identity.
contract RegistryOfProofs {
    Verifier private immutable VERIFIER;
    mapping(bytes32 => bool) private isSeen;
    uint256 public count;

    constructor(Verifier verifier) {
        VERIFIER = verifier;
    }

    function prove(uint256[8] calldata proof, uint256 statement) external {
        bytes32 id = keccak256(abi.encode(proof));
        require(!isSeen[id]);
        VERIFIER.requireValid(proof, [statement]);
        isSeen[id] = true;
        ++count;
    }
}

/// Punishes whoever sent a false proof: only where the verifier judged it.
contract Court {
    event Punished(uint256 statement);

    Verifier private immutable VERIFIER;

    constructor(Verifier verifier) {
        VERIFIER = verifier;
    }

    function judge(uint256[8] calldata proof, uint256 statement) external {
        try VERIFIER.requireValid(proof, [statement]) {}
        catch (bytes memory reason) {
            if (keccak256(reason) == keccak256(abi.encodeWithSelector(Verifier.ProofInvalid.selector))) {
                emit Punished(statement);
            }
        }
    }
}

/// Wrong on purpose: takes every failure for a judgement, as `if (!verifier.verify(...))` does where a
/// verifier returns false when its gas runs out.
contract HastyCourt {
    event Punished(uint256 statement);

    Verifier private immutable VERIFIER;

    constructor(Verifier verifier) {
        VERIFIER = verifier;
    }

    function judge(uint256[8] calldata proof, uint256 statement) external {
        try VERIFIER.requireValid(proof, [statement]) {}
        catch {
            emit Punished(statement);
        }
    }
}
