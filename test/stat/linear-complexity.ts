/**
 * Linear complexity over GF(2): the length of the shortest shift register that gives a sequence of
 * bits (Massey, IEEE Trans. Inf. Theory 15(1), 1969). A random sequence of N bits has N/2 give or
 * take a few; a generator that is linear in its state has no more than the state has bits.
 */

/**
 * Berlekamp–Massey with polynomials packed 32 coefficients a word. N = 45,000 takes about a second.
 *
 * @param bits - zeros and ones
 */
export function linearComplexity(bits: Uint8Array): number {
  const n = bits.length;
  const words = (n >>> 5) + 2;
  const connection = new Uint32Array(words); // C(x), coefficient i in bit i
  let previous = new Uint32Array(words); // B(x)
  let spare = new Uint32Array(words);
  connection[0] = 1;
  previous[0] = 1;
  // The sequence reversed: bit j of `window` shifted by n − 1 − i is s[i − j].
  const reversed = new Uint32Array(words + 1);
  for (let i = 0; i < n; i++) {
    const at = n - 1 - i;
    if (bits[i]) reversed[at >>> 5] = (reversed[at >>> 5] as number) | (1 << (at & 31));
  }
  let complexity = 0;
  let since = 1; // m: steps since the last change of length
  for (let i = 0; i < n; i++) {
    // d = Σ C_j · s[i − j] for j from 0 to L
    const from = n - 1 - i;
    const word = from >>> 5;
    const shift = from & 31;
    let sum = 0;
    for (let j = 0; j <= complexity >>> 5; j++) {
      const low = (reversed[word + j] as number) >>> shift;
      const high = shift === 0 ? 0 : ((reversed[word + j + 1] ?? 0) << (32 - shift)) >>> 0;
      sum ^= (connection[j] as number) & (low | high);
    }
    sum ^= sum >>> 16;
    sum ^= sum >>> 8;
    sum ^= sum >>> 4;
    sum ^= sum >>> 2;
    sum ^= sum >>> 1;
    if ((sum & 1) === 0) {
      since++;
      continue;
    }
    const grows = 2 * complexity <= i;
    if (grows) spare.set(connection);
    // C ← C + x^m · B
    const skip = since >>> 5;
    const by = since & 31;
    for (let j = words - 1; j >= skip; j--) {
      const low = (previous[j - skip] as number) << by;
      const carried = by === 0 || j === skip ? 0 : (previous[j - skip - 1] as number) >>> (32 - by);
      connection[j] = (connection[j] as number) ^ low ^ carried;
    }
    if (grows) {
      complexity = i + 1 - complexity;
      [previous, spare] = [spare, previous];
      since = 1;
    } else {
      since++;
    }
  }
  return complexity;
}
