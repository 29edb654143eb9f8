pragma circom 2.2.0;

// One client's update, or a chunk of it, within bounds. The update is not in the proof's statement but
// in a commitment to public signals that are never revealed: README.md has the statement in words and a
// table of the signals; src/zk/update makes the inputs, the commitments and the verdict.

include "lib/lookup.circom";
include "lib/norm.circom";

// Proves: every x[j] is an integer from −2^15 to 2^15 − 1, and x[0]² + … + x[d − 1]² ≤ normMax.
//
// Every signal is public to Groth16, in this order, which is also the order of the key's points:
//
//   known to the verifier   ctx, normMax, alpha
//   group X, hidden         blindX, x        the commitment whose sum the aggregate opens
//   group H, hidden         blindH, hi, m    help for the range of x
//
// x + 2^15 = 256·hi + lo with bytes hi and lo. m says how often each byte occurs among them. Verifier and
// prover take alpha from a hash of the commitments to X and H, so it was unpredictable when these
// were fixed: without that rule the rows prove no range.
//
// ctx, blindX and blindH stand in no row. ctx is bound as every public signal is: the setup gives each a
// polynomial of its own. The blinding terms are meant to be free.
//
// Rows: 2½ for each entry, 256 for the table, 30 + ⌈log2 d⌉ for the norm, and the sums'. Groth16 takes one
// more for each public signal, of which there are 2·d + 261.
template BoundedUpdate(d) {
    signal input ctx;
    signal input normMax;
    signal input alpha;
    signal input blindX;
    signal input x[d];
    signal input blindH;
    signal input hi[d];
    signal input m[256];

    component range = LookedUp(d);
    component norm = NormAtMost(d, 16);
    range.challenge <== alpha;
    range.count <== m;
    for (var j = 0; j < d; j++) {
        range.x[j] <== x[j];
        range.hi[j] <== hi[j];
        norm.x[j] <== x[j];
    }
    norm.bound <== normMax;
}
