pragma circom 2.2.0;

// The sum of many wires. The compiler adds term by term and copies what it has each time, so a long sum
// takes it quadratic time: blocks of 128 have wires of their own.

// Proves: out = in[0] + … + in[length − 1].
//
// Rows: one, and one for each block of 128 if there are several.
template Sum(length) {
    signal input in[length];
    signal output out;

    var blocks = (length + 127) \ 128;
    var total = 0;
    if (blocks == 1) {
        for (var i = 0; i < length; i++) {
            total += in[i];
        }
    } else {
        component block[blocks];
        for (var b = 0; b < blocks; b++) {
            var size = b < blocks - 1 ? 128 : length - 128 * b;
            block[b] = Sum(size);
            for (var i = 0; i < size; i++) {
                block[b].in[i] <== in[128 * b + i];
            }
            total += block[b].out;
        }
    }
    out <== total;
}
