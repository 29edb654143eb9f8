pragma circom 2.2.0;

// Poseidon: the permutation of t elements, and a sponge on it.
//
// An S-box is three rows: x·x = x2, x2·x2 = x4, and x4·x = (what the S-box gives). Nothing here costs a
// row beside them, because what the S-boxes give has no wire of its own. The wires are the inputs of
// the next round, and what an S-box gave is said through them, by the inverse of the matrix. So the left
// and right sides of nearly all rows have one term, which is what a prover pays for.

include "poseidon-constants.circom";

// Proves: out is the permutation of in.
//
//   t      elements, one of the widths of poseidon-constants.circom
//   in[t]  any field elements
//   out[t] the state after 4 full, all partial, and 4 full rounds
//
// Rows: 3·(8·t + partial rounds).
template Poseidon(t) {
    signal input in[t];
    signal output out[t];

    var partial = poseidonPartialRounds(t);
    var constants[8 * t + partial] = poseidonConstants(t);
    var matrix[t][t] = poseidonMatrix(t);
    var inverse[t][t] = poseidonInverse(t);

    // Full rounds: powers of each S-box's input, and the state after the round.
    signal square[8][t];
    signal fourth[8][t];
    signal state[8][t];
    // Partial rounds: the same for the one S-box.
    signal oneSquare[partial];
    signal oneFourth[partial];
    signal oneState[partial];

    // The inputs of the S-boxes to come, as linear terms over wires.
    var x[t];
    var at = 0;
    for (var i = 0; i < t; i++) {
        x[i] = in[i] + constants[at];
        at++;
    }
    for (var round = 0; round < 8; round++) {
        if (round == 4) {
            for (var p = 0; p < partial; p++) {
                oneSquare[p] <== x[0] * x[0];
                oneFourth[p] <== oneSquare[p] * oneSquare[p];
                // The first element's next input has a wire. Constants of the others were moved on.
                var known = constants[at];
                at++;
                for (var j = 1; j < t; j++) {
                    known += matrix[0][j] * x[j];
                }
                oneState[p] <== known + matrix[0][0] * oneFourth[p] * x[0];
                // What the S-box gave, as linear terms.
                var gave = (oneState[p] - known) / matrix[0][0];
                var next[t];
                for (var i = 1; i < t; i++) {
                    next[i] = matrix[i][0] * gave;
                    for (var j = 1; j < t; j++) {
                        next[i] += matrix[i][j] * x[j];
                    }
                }
                x[0] = oneState[p];
                for (var i = 1; i < t; i++) {
                    x[i] = next[i];
                }
            }
            for (var i = 1; i < t; i++) {
                x[i] += constants[at];
                at++;
            }
        }
        // What is added before the S-boxes that follow; after round 3 only one element has an S-box.
        var added[t];
        for (var i = 0; i < t; i++) {
            added[i] = 0;
            if (round < 7 && (round != 3 || i == 0)) {
                added[i] = constants[at];
                at++;
            }
        }
        for (var j = 0; j < t; j++) {
            square[round][j] <== x[j] * x[j];
            fourth[round][j] <== square[round][j] * square[round][j];
        }
        for (var i = 0; i < t; i++) {
            var sum = added[i];
            for (var j = 0; j < t; j++) {
                sum += matrix[i][j] * fourth[round][j] * x[j];
            }
            state[round][i] <-- sum;
        }
        for (var j = 0; j < t; j++) {
            var gave = 0;
            for (var i = 0; i < t; i++) {
                gave += inverse[j][i] * (state[round][i] - added[i]);
            }
            fourth[round][j] * x[j] === gave;
        }
        for (var i = 0; i < t; i++) {
            x[i] = state[round][i];
        }
    }
    for (var i = 0; i < t; i++) {
        out[i] <== state[7][i];
    }
}

// Where a hash starts: purpose, and the two sizes that fix how much is hashed. All public.
function domainTag(purpose, first, second) {
    // 'veilsum' in ASCII.
    return 0x7665696c73756d * 2 ** 96 + purpose * 2 ** 64 + first * 2 ** 32 + second;
}

// Proves: out is the hash of in.
//
//   length  elements; the tag must fix it
//   tag     from domainTag
//
// Blocks of at most 16 are added to the state; its first element is the capacity, which nothing is
// added to, and which is the result.
template PoseidonHash(length, tag) {
    signal input in[length];
    signal output out;

    var rate = length < 16 ? length : 16;
    var blocks = (length + rate - 1) \ rate;
    component permutation[blocks];
    for (var b = 0; b < blocks; b++) {
        permutation[b] = Poseidon(rate + 1);
        if (b == 0) {
            permutation[b].in[0] <== tag;
        } else {
            permutation[b].in[0] <== permutation[b - 1].out[0];
        }
        for (var i = 0; i < rate; i++) {
            var value = 0;
            if (b > 0) {
                value += permutation[b - 1].out[i + 1];
            }
            if (b * rate + i < length) {
                value += in[b * rate + i];
            }
            permutation[b].in[i + 1] <== value;
        }
    }
    out <== permutation[blocks - 1].out[0];
}
