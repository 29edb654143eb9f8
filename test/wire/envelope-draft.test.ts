/** A message written in place is the message that the encoder gives. */
import { expect, test } from 'vitest';
import { decodeEnvelope, draftEnvelope, encodeEnvelope } from '../../src/wire/envelope.ts';

const head = {
  phase: 3,
  roundId: new Uint8Array(32).fill(7),
  sender: 70_000,
  header: Uint8Array.of(0x81, 0x05),
};

test.each([0, 1, 23, 24, 255, 256, 65_535, 65_536, 100_000])(
  'a draft with %i bytes of payload becomes the same bytes',
  (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => (i * 31 + 1) & 255);
    const signature = Uint8Array.from({ length: 64 }, (_, i) => 255 - i);
    const draft = draftEnvelope(head, length);
    draft.payload.set(payload);
    draft.signature.set(signature);
    const expected = encodeEnvelope({ ...head, signature, payload });
    expect(Buffer.compare(draft.message, expected)).toBe(0);
    const read = decodeEnvelope(draft.message, { header: 100, payload: length });
    expect(Buffer.compare(read.payload, payload)).toBe(0);
  },
);
