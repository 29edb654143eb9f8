/** Each error class takes the codes of its own union, and a `catch` narrows by class and by code. */
import { expectTypeOf } from 'vitest';
import {
  CodecError,
  type Culprit,
  type ErrorCode,
  ProtocolError,
  type UsageCode,
  UsageError,
  VeilsumError,
} from '../../src/errors.ts';

new UsageError('out-of-range', 'x: got 3, expected 1 to 2');
// @ts-expect-error a peer's fault is not the caller's
new UsageError('bad-share', 'a message');
// @ts-expect-error a code outside the union
new CodecError('no-such-code', 'a message');
// @ts-expect-error a message is required: what, got, expected
new CodecError('truncated');
new ProtocolError('bad-share', 'a message', ['coordinator', { client: 'anna' }]);
// @ts-expect-error a culprit is the coordinator or a client by id
new ProtocolError('bad-share', 'a message', ['anna']);

export function handle(error: unknown): void {
  if (error instanceof UsageError) {
    expectTypeOf(error.code).toEqualTypeOf<UsageCode>();
    // @ts-expect-error errors do not change
    error.code = 'disposed';
  } else if (error instanceof ProtocolError) {
    expectTypeOf(error.culprits).toEqualTypeOf<readonly Culprit[]>();
    // @ts-expect-error a usage code is not among those of ProtocolError
    if (error.code === 'out-of-range') return;
  } else if (error instanceof VeilsumError) {
    expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
  }
}
