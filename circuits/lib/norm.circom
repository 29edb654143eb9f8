pragma circom 2.2.0;

// The Euclidean norm of a vector of small integers.

include "range.circom";
include "sum.circom";

// A square root of −1: the field has one, as r ≡ 1 mod 4. 5 is no square, so 5^((r − 1)/4) is it.
function rootOfMinusOne() {
    var root = 5 ** ((-1) \ 4);
    assert(root * root == -1);
    return root;
}

// The bits of the greatest squared norm below d·2^(2·bits − 2), which only all-lowest entries reach.
function normBits(d, bits) {
    var out = 2 * bits - 2;
    while (2 ** (out - 2 * bits + 2) < d) {
        out++;
    }
    return out;
}

// Proves: x[0]² + … + x[d − 1]² ≤ bound, as integers, given that every x[j] is one of `bits` bits.
//
// Two squares are one row: a² + b² = (a + ιb)·(a − ιb) with ι² = −1. The sum of the squares is an
// integer far below r. So bound minus the sum has normBits bits only if the sum is at most the bound,
// whatever field element the bound is.
//
// Rows: half a row for each entry, 1 or 2 for the sum, and normBits(d, bits).
template NormAtMost(d, bits) {
    signal input x[d];
    signal input bound;
    // No sum of squares, nor its difference to a number of as many bits, wraps around in the field.
    assert(normBits(d, bits) <= 250);

    var root = rootOfMinusOne();
    var pairs = (d + 1) \ 2;
    component sum = Sum(pairs);
    for (var k = 0; k < pairs; k++) {
        var second = 0;
        if (2 * k + 1 < d) {
            second += x[2 * k + 1];
        }
        sum.in[k] <== (x[2 * k] + root * second) * (x[2 * k] - root * second);
    }
    component slack = Unsigned(normBits(d, bits));
    slack.in <== bound - sum.out;
}
