/** Slow, readable twins of the kernel's residues, in bigint. */

/** Numbers as `width` bytes each, least significant first; what is higher is dropped. */
export const wireReference = (values: readonly bigint[], width: number): Uint8Array =>
  Uint8Array.from(
    values.flatMap((value) =>
      Array.from({ length: width }, (_, byte) => Number((value >> BigInt(8 * byte)) & 0xffn)),
    ),
  );

/** The numbers that {@link wireReference} wrote. */
export const residuesReference = (bytes: Uint8Array, width: number): readonly bigint[] =>
  Array.from({ length: bytes.length / width }, (_, i) =>
    bytes
      .subarray(i * width, (i + 1) * width)
      .reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n),
  );

/** What a check must find. */
export const foundReference = (values: readonly bigint[], prime: bigint): string =>
  values.some((value) => value >= prime)
    ? 'not-below-prime'
    : values.every((value) => value === 0n)
      ? 'all-zero'
      : 'fine';
