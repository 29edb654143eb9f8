/** A hundred thousand malformed uploads against one live encrypted round. */
import { test } from 'vitest';
import { malformedUploads } from '../he/round/malformed.ts';

test('100,000 malformed uploads: all refused, the sum is right, memory flat', () =>
  malformedUploads(100_000));
