pragma circom 2.2.0;

// The sum of committed, bounded updates, for a coordinator that sees them: an edge, a consortium, a
// regulator. Never for a masked round, whose point is that nobody sees them. README.md has the
// statement in words and a table of the signals; src/zk/aggregate.ts computes the same in bigint.

include "lib/norm.circom";
include "lib/poseidon.circom";
include "lib/range.circom";
include "lib/sum.circom";

// Numbers of `bits` bits that one field element holds, side by side: 253 bits are always below r.
function lanesOf(bits) {
    return 253 \ bits;
}

// Bits of a sum of n numbers of `bits` bits.
function sumBits(n, bits) {
    var out = bits;
    while (2 ** (out - bits) < n) {
        out++;
    }
    return out;
}

// Puts `bits` bits of each number side by side. Proves nothing of its own: it is exact, and nothing
// else packs to the same, if every in[j] + offset is known to have that many bits.
template Pack(d, bits, offset) {
    var lanes = lanesOf(bits);
    signal input in[d];
    signal output out[(d + lanes - 1) \ lanes];

    for (var k = 0; k * lanes < d; k++) {
        var packed = 0;
        for (var i = 0; i < lanes; i++) {
            if (k * lanes + i < d) {
                packed += (in[k * lanes + i] + offset) * 2 ** (bits * i);
            }
        }
        out[k] <== packed;
    }
}

// One client's update. Proves: its entries are integers from −2^15 to 2^15 − 1, its squared norm is at
// most the bound, and the commitment is the hash of the salt and the entries.
template Update(d) {
    signal input x[d];
    signal input salt;
    signal input bound;
    signal output commitment;

    component range[d];
    component norm = NormAtMost(d, 16);
    component pack = Pack(d, 16, 2 ** 15);
    for (var j = 0; j < d; j++) {
        range[j] = Signed(16);
        range[j].in <== x[j];
        norm.x[j] <== x[j];
        pack.in[j] <== x[j];
    }
    norm.bound <== bound;

    var packed = (d + 14) \ 15;
    component hash = PoseidonHash(1 + packed, domainTag(1, 0, d));
    hash.in[0] <== salt;
    for (var k = 0; k < packed; k++) {
        hash.in[1 + k] <== pack.out[k];
    }
    commitment <== hash.out;
}

// n updates of d entries. Proves: `statement` is the hash of a context, a root over n commitments, a
// bound and a vector; each commitment opens to an update as above; and the vector is their sum.
template Aggregate(n, d) {
    signal input statement;
    signal input context;
    signal input bound;
    signal input salt[n];
    signal input x[n][d];

    component update[n];
    component root = PoseidonHash(n, domainTag(2, n, 0));
    for (var i = 0; i < n; i++) {
        update[i] = Update(d);
        update[i].x <== x[i];
        update[i].salt <== salt[i];
        update[i].bound <== bound;
        root.in[i] <== update[i].commitment;
    }

    // Entry by entry; n·2^15 makes a sum an unsigned number again.
    var bits = sumBits(n, 16);
    component aggregate[d];
    component pack = Pack(d, bits, n * 2 ** 15);
    for (var j = 0; j < d; j++) {
        aggregate[j] = Sum(n);
        for (var i = 0; i < n; i++) {
            aggregate[j].in[i] <== x[i][j];
        }
        pack.in[j] <== aggregate[j].out;
    }

    var packed = (d + lanesOf(bits) - 1) \ lanesOf(bits);
    component hash = PoseidonHash(3 + packed, domainTag(3, n, d));
    hash.in[0] <== context;
    hash.in[1] <== root.out;
    hash.in[2] <== bound;
    for (var k = 0; k < packed; k++) {
        hash.in[3 + k] <== pack.out[k];
    }
    statement === hash.out;
}
