/** ChaCha20 written as RFC 8439 reads: slow, in bigint, and made to be compared with the standard by eye. */

const MOD = 1n << 32n;

const rotateLeft = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (32n - n))) % MOD;

/** §2.1: the quarter round on four places of the state. */
function quarterRound(state: bigint[], a: number, b: number, c: number, d: number): void {
  const step = (sum: number, by: number, turned: number, n: bigint): void => {
    state[sum] = ((state[sum] as bigint) + (state[by] as bigint)) % MOD;
    state[turned] = rotateLeft((state[turned] as bigint) ^ (state[sum] as bigint), n);
  };
  step(a, b, d, 16n);
  step(c, d, b, 12n);
  step(a, b, d, 8n);
  step(c, d, b, 7n);
}

const wordsOf = (bytes: Uint8Array): bigint[] => {
  const out: bigint[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    out.push(bytes.subarray(i, i + 4).reduceRight((word, byte) => word * 256n + BigInt(byte), 0n));
  }
  return out;
};

/** §2.3: one block of 16 words, from a 32-byte key, a counter and a 12-byte nonce. */
export function chachaBlock(key: Uint8Array, counter: number, nonce: Uint8Array): bigint[] {
  const constants = wordsOf(new TextEncoder().encode('expand 32-byte k'));
  const initial = [...constants, ...wordsOf(key), BigInt(counter), ...wordsOf(nonce)];
  const state = [...initial];
  for (let round = 0; round < 10; round++) {
    quarterRound(state, 0, 4, 8, 12);
    quarterRound(state, 1, 5, 9, 13);
    quarterRound(state, 2, 6, 10, 14);
    quarterRound(state, 3, 7, 11, 15);
    quarterRound(state, 0, 5, 10, 15);
    quarterRound(state, 1, 6, 11, 12);
    quarterRound(state, 2, 7, 8, 13);
    quarterRound(state, 3, 4, 9, 14);
  }
  return state.map((word, i) => (word + (initial[i] as bigint)) % MOD);
}

/** §2.4: `length` words of keystream from block `firstBlock` on. */
export function chachaStream(
  key: Uint8Array,
  firstBlock: number,
  length: number,
  nonce: Uint8Array = new Uint8Array(12),
): bigint[] {
  const out: bigint[] = [];
  for (let block = firstBlock; out.length < length; block++) {
    out.push(...chachaBlock(key, block, nonce));
  }
  return out.slice(0, length);
}

/** Words as bytes, least significant first. */
export const bytesOfWords = (words: readonly bigint[]): Uint8Array =>
  Uint8Array.from(
    words.flatMap((word) => [0n, 8n, 16n, 24n].map((n) => Number((word >> n) % 256n))),
  );
