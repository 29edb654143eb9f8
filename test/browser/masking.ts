/** Masks a vector with several streams, takes its digest, and takes the masks away again. */
import { toHex } from '../../src/internal/bytes.ts';
import { sha256 } from '../../src/internal/sha256.ts';
import { addStreamsInto, hotPaths } from '../../src/prg/index.ts';

export type Masked = {
  readonly paths: ReturnType<typeof hotPaths>;
  /** SHA-256 of the masked vector. */
  readonly digest: string;
};

/** The vector is left as it was. */
export function maskAndBack(vector: Uint32Array, keys: readonly Uint8Array[]): Masked {
  const streams = keys.map((key, i) => ({ key, subtract: i % 2 === 1 }));
  addStreamsInto(vector, streams);
  const digest = toHex(sha256(new Uint8Array(vector.buffer)));
  addStreamsInto(
    vector,
    streams.map(({ key, subtract }) => ({ key, subtract: !subtract })),
  );
  return { paths: hotPaths(), digest };
}
