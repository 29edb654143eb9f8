pragma circom 2.2.0;

// Ranges of many numbers at once, by a challenge instead of bits.

include "sum.circom";

// Proves: −2^15 ≤ x[j] < 2^15 for all j, where −v stands for r − v, if `challenge` was unpredictable when
// all other inputs were fixed. Without that it proves nothing.
//
// x[j] + 2^15 = 256·hi[j] + lo[j], and both halves are looked up in the table of bytes. As rational
// functions of X, Σ 1/(X − lo[j]) + Σ 1/(X − hi[j]) and Σ count[t]/(X − t) over t below 256 are equal
// only if they have the same poles: then every half is some t. If they are not equal, they agree at no
// more than 2n + 256 values of X, so a random challenge is one of them with chance (2n + 256)/r.
// (Ulrich Haböck, "Multivariate lookups based on logarithmic derivatives", eprint 2022/1530.)
//
// There is no witness for a challenge that equals a half, or a t with a count that is not zero.
//
//   n  far below r, or a pole could come so often that it is none
//
// Rows: 2 for each number, 256 for the table, and the sums'. lo has no wire.
template LookedUp(n) {
    signal input challenge;
    signal input x[n];
    signal input hi[n];
    signal input count[256];
    assert(n < 2 ** 32);

    component halves = Sum(2 * n);
    signal low[n];
    signal high[n];
    for (var j = 0; j < n; j++) {
        low[j] <-- 1 / (challenge - x[j] - 2 ** 15 + 256 * hi[j]);
        low[j] * (challenge - x[j] - 2 ** 15 + 256 * hi[j]) === 1;
        high[j] <-- 1 / (challenge - hi[j]);
        high[j] * (challenge - hi[j]) === 1;
        halves.in[j] <== low[j];
        halves.in[n + j] <== high[j];
    }
    component table = Sum(256);
    signal share[256];
    for (var t = 0; t < 256; t++) {
        share[t] <-- count[t] / (challenge - t);
        share[t] * (challenge - t) === count[t];
        table.in[t] <== share[t];
    }
    halves.out === table.out;
}
