pragma circom 2.2.0;

// Numbers of a given number of bits. A wire holds every bit but the lowest, which is what the others
// leave: b rows for b bits, and no row for putting them together.

// Proves: 0 ≤ in < 2^bits, as an integer.
//
//   bits  1 to 253: then the bits cannot stand for two numbers
template Unsigned(bits) {
    signal input in;
    assert(bits >= 1);
    assert(bits <= 253);

    signal bit[bits - 1];
    var lowest = in;
    for (var k = 1; k < bits; k++) {
        bit[k - 1] <-- (in >> k) & 1;
        bit[k - 1] * (bit[k - 1] - 1) === 0;
        lowest -= bit[k - 1] * 2 ** k;
    }
    lowest * (lowest - 1) === 0;
}

// Proves: −2^(bits − 1) ≤ in < 2^(bits − 1), where −v stands for r − v. Not by Unsigned: a wire for the
// shifted number would cost a row.
template Signed(bits) {
    signal input in;
    assert(bits >= 1);
    assert(bits <= 253);

    var shifted = in + 2 ** (bits - 1);
    signal bit[bits - 1];
    var lowest = shifted;
    for (var k = 1; k < bits; k++) {
        bit[k - 1] <-- (shifted >> k) & 1;
        bit[k - 1] * (bit[k - 1] - 1) === 0;
        lowest -= bit[k - 1] * 2 ** k;
    }
    lowest * (lowest - 1) === 0;
}
