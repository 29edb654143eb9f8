import { describe, expect, test } from 'vitest';
import { CodecError } from '../../src/errors.ts';
import type { CborValue } from '../../src/wire/cbor.ts';
import { bytes, flag, integer, list, record, text, tuple } from '../../src/wire/fields.ts';

const eight = new Uint8Array(8);
const kinds: readonly (CborValue | undefined)[] = [
  undefined,
  null,
  true,
  7,
  'text',
  eight,
  [1, 2],
  { a: 1 },
];

/** Which of {@link kinds} a reader accepts; all others must be refused by name. */
function accepted(read: (value: CborValue | undefined) => unknown): unknown[] {
  return kinds.filter((value) => {
    try {
      expect(read(value)).toBe(value);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      expect(error).toMatchObject({ code: 'malformed', details: { what: 'the field' } });
      expect((error as CodecError).message).toMatch(/^the field: got .+, expected .+/);
      return false;
    }
  });
}

test('each reader takes its own kind and no other', () => {
  expect(accepted((value) => tuple(value, 2, 'the field'))).toEqual([[1, 2]]);
  expect(accepted((value) => list(value, 2, 'the field'))).toEqual([[1, 2]]);
  expect(accepted((value) => bytes(value, 8, 'the field'))).toEqual([eight]);
  expect(accepted((value) => integer(value, 0, 9, 'the field'))).toEqual([7]);
  expect(accepted((value) => text(value, 4, 'the field'))).toEqual(['text']);
  expect(accepted((value) => record(value, ['a'], 'the field'))).toEqual([{ a: 1 }]);
  expect(accepted((value) => flag(value, 'the field'))).toEqual([true]);
});

describe('bounds', () => {
  const refuses = (read: () => unknown): void => expect(read).toThrow(CodecError);

  test('tuple and list', () => {
    refuses(() => tuple([1, 2], 1, 'f'));
    refuses(() => tuple([1, 2], 3, 'f'));
    refuses(() => list([1, 2], 1, 'f'));
    expect(list([], 0, 'f')).toEqual([]);
  });

  test('bytes', () => {
    refuses(() => bytes(eight, 7, 'f'));
    refuses(() => bytes(eight, 9, 'f'));
    refuses(() => bytes(eight, { min: 0, max: 7 }, 'f'));
    refuses(() => bytes(eight, { min: 9, max: 20 }, 'f'));
    expect(bytes(eight, { min: 8, max: 8 }, 'f')).toBe(eight);
  });

  test('integer, which does not show a number that is out of bounds', () => {
    refuses(() => integer(-1, 0, 9, 'f'));
    refuses(() => integer(10, 0, 9, 'f'));
    refuses(() => integer(1.5, 0, 9, 'f'));
    expect([integer(0, 0, 9, 'f'), integer(9, 0, 9, 'f')]).toEqual([0, 9]);
    expect(() => integer(123_456, 0, 9, 'f')).toThrow(/^(?!.*123456)/);
  });

  test('text', () => {
    refuses(() => text('text', 3, 'f'));
    expect(text('', 0, 'f')).toBe('');
  });

  test('record: exactly these keys, and own ones', () => {
    const map = { a: 1, b: 2 };
    expect(record(map, ['b', 'a'], 'f')).toBe(map);
    refuses(() => record(map, ['a'], 'f'));
    refuses(() => record(map, ['a', 'c'], 'f'));
    refuses(() => record(map, ['a', 'b', 'c'], 'f'));
    refuses(() => record({ a: 1 }, ['toString'], 'f'));
    expect(record({}, [], 'f')).toEqual({});
  });
});
