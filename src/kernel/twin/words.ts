/** The word kernels in plain TypeScript: what runs where WebAssembly does not, and what keeps it honest. */

/** a[i] += b[i] mod 2^32. `| 0` keeps the sums in 32-bit integers; the array reduces them. */
export function addWords(a: Uint32Array, b: Uint32Array): void {
  for (let i = 0; i < a.length; i++) a[i] = ((a[i] as number) + (b[i] as number)) | 0;
}

/** a[i] −= b[i] mod 2^32. */
export function subtractWords(a: Uint32Array, b: Uint32Array): void {
  for (let i = 0; i < a.length; i++) a[i] = ((a[i] as number) - (b[i] as number)) | 0;
}
