import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { ProtocolError, VeilsumError } from '../../src/errors.ts';
import {
  type ClientId,
  clientId,
  type Roster,
  type RosterEntry,
  readRoster,
  rosterBytes,
  rosterHash,
  rosterIndex,
  signRoster,
} from '../../src/identity/roster.ts';
import { inMemorySigner, type Signer, signerFromPrivateKey } from '../../src/identity/signer.ts';
import { lengthPrefixed, toHex, utf8 } from '../../src/internal/bytes.ts';
import { type CborValue, decode, encode } from '../../src/wire/cbor.ts';

const keyOf = (byte: number): Uint8Array =>
  signerFromPrivateKey(new Uint8Array(32).fill(byte)).publicKey;

const entry = (id: string, byte: number): RosterEntry => ({
  id: clientId(id),
  publicKey: keyOf(byte),
});

const voucher = signerFromPrivateKey(new Uint8Array(32).fill(0xee));
const clients = [entry('ann', 1), entry('bob', 2), entry('Zoë ✓', 3)];

/** A roster that is correctly signed, whatever stands on it. */
async function signedBytes(list: CborValue, signer: Signer = voucher): Promise<Uint8Array> {
  const message = lengthPrefixed(utf8('veilsum/v1 roster'), encode(list));
  return encode([1, list, signer.publicKey, await signer.sign(message)]);
}

const caught = (run: () => unknown): VeilsumError => {
  try {
    run();
  } catch (error) {
    if (error instanceof VeilsumError) return error;
    throw error;
  }
  throw new Error('expected an error');
};

let roster: Roster;
let written: Uint8Array;
beforeAll(async () => {
  roster = await signRoster(clients, voucher);
  written = rosterBytes(roster);
});

describe('a roster', () => {
  test('reads as it was written', () => {
    const read = readRoster(written, voucher.publicKey);
    expect(read).toEqual(roster);
    expect(rosterBytes(read)).toEqual(written);
    expect(rosterHash(read)).toEqual(rosterHash(roster));
    expect(read.clients.map(({ id }) => id)).toEqual(['ann', 'bob', 'Zoë ✓']);
  });

  test('has the layout it says it has', async () => {
    expect(written).toEqual(await signedBytes(clients.map(({ id, publicKey }) => [id, publicKey])));
  });

  test('knows places', () => {
    expect(clients.map(({ id }) => rosterIndex(roster, id))).toEqual([0, 1, 2]);
    expect(rosterIndex(roster, clientId('eve'))).toBeUndefined();
    expect(rosterIndex(roster, 'toString' as ClientId)).toBeUndefined();
  });

  test('copies what it was given and hands out copies of its hash', async () => {
    const mine = [entry('ann', 1)];
    const made = await signRoster(mine, voucher);
    const hash = toHex(rosterHash(made));
    mine[0]?.publicKey.fill(0);
    rosterHash(made).fill(0);
    expect(made.clients[0]?.publicKey).toEqual(keyOf(1));
    expect(toHex(rosterHash(made))).toBe(hash);
    expect(Object.isFrozen(made) && Object.isFrozen(made.clients)).toBe(true);
    const bytes = rosterBytes(made);
    const read = readRoster(bytes);
    bytes.fill(0);
    expect(read.clients[0]?.publicKey).toEqual(keyOf(1));
  });

  test('copies keys out of Buffers before it signs', async () => {
    const key = Buffer.from(keyOf(1));
    const signing = signRoster([{ id: 'ann', publicKey: key }], voucher);
    key.fill(0);
    const made = await signing;
    expect(made.clients[0]?.publicKey).toEqual(keyOf(1));
    expect(readRoster(rosterBytes(made)).clients).toHaveLength(1);
  });

  test('has a hash of its clients, their order and its voucher, not of the signature', async () => {
    const hashes = await Promise.all([
      signRoster(clients, voucher),
      signRoster(clients.toReversed(), voucher),
      signRoster(clients.slice(1), voucher),
      signRoster([entry('ann', 4), ...clients.slice(1)], voucher),
      signRoster([entry('amy', 1), ...clients.slice(1)], voucher),
      signRoster(clients, inMemorySigner()),
    ]).then((all) => all.map((each) => toHex(rosterHash(each))));
    expect(new Set(hashes).size).toBe(6);
    expect(hashes[0]).toBe(toHex(rosterHash(roster)));
  });

  test('put together by hand is refused', () => {
    const copy = { ...roster };
    for (const use of [rosterBytes, rosterHash, (r: Roster) => rosterIndex(r, 'ann' as ClientId)]) {
      expect(() => use(copy)).toThrow(expect.objectContaining({ code: 'wrong-type' }));
    }
  });
});

describe('reading refuses', () => {
  test('every flipped bit, every cut, every added byte', () => {
    for (let bit = 0; bit < 8 * written.length; bit++) {
      const changed = written.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(caught(() => readRoster(changed)).name).toMatch(/^(Codec|Protocol)Error$/);
    }
    for (let length = 0; length < written.length; length++) {
      expect(caught(() => readRoster(written.subarray(0, length))).name).toBe('CodecError');
    }
    expect(caught(() => readRoster(Uint8Array.of(...written, 0))).code).toBe('trailing-bytes');
  });

  test('arbitrary bytes, with an error of the taxonomy', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(caught(() => readRoster(bytes)).name).toMatch(/^(Codec|Protocol)Error$/);
      }),
    );
  });

  test('another voucher than the one asked for', () => {
    const error = caught(() => readRoster(written, keyOf(9)));
    expect([error.name, error.code]).toEqual(['ProtocolError', 'bad-roster']);
    expect(() => readRoster(written, new Uint8Array(31))).toThrow(
      expect.objectContaining({ code: 'wrong-length' }),
    );
  });

  test('a signature over other clients or by somebody else', async () => {
    const fields = decode(written, { what: 'roster', maxBytes: 1e4 }) as CborValue[];
    const list = fields[1] as CborValue[];
    for (const forged of [
      [1, list.toReversed(), fields[2], fields[3]],
      [1, list.slice(1), fields[2], fields[3]],
      [1, list, keyOf(9), fields[3]],
    ]) {
      const error = caught(() => readRoster(encode(forged as CborValue)));
      expect([error.name, error.code]).toEqual(['ProtocolError', 'bad-roster']);
    }
  });

  test.each([
    [
      'a duplicate id',
      [
        ['ann', keyOf(1)],
        ['ann', keyOf(2)],
      ],
      'ann',
    ],
    [
      'a duplicate key',
      [
        ['ann', keyOf(1)],
        ['bob', keyOf(1)],
      ],
      'bob',
    ],
    [
      'a key of small order',
      [
        ['ann', keyOf(1)],
        ['bob', new Uint8Array(32)],
      ],
      'bob',
    ],
    ['a key off the curve', [['ann', Uint8Array.of(2, ...new Uint8Array(31))]], 'ann'],
  ])('%s, naming the culprit, though it is signed', async (_, list, culprit) => {
    const bytes = await signedBytes(list as CborValue);
    const error = caught(() => readRoster(bytes));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.code).toBe('bad-roster');
    expect((error as ProtocolError).culprits).toEqual([{ client: culprit }]);
  });

  test.each([
    ['no clients', []],
    ['an empty id', [['', keyOf(1)]]],
    ['an id of 65 bytes', [['x'.repeat(65), keyOf(1)]]],
    ['an id of 66 bytes in 33 characters', [['é'.repeat(33), keyOf(1)]]],
    ['an id in another normal form', [['Zoe\u0308', keyOf(1)]]],
    ['an id with a line feed', [['a\nb', keyOf(1)]]],
    ['a short key', [['ann', keyOf(1).subarray(1)]]],
    ['a long entry', [['ann', keyOf(1), 0]]],
    ['clients that are no list', 'ann'],
  ])('%s, though it is signed', async (_, list) => {
    const bytes = await signedBytes(list as CborValue);
    expect(caught(() => readRoster(bytes)).name).toBe('CodecError');
  });

  test('another version', () => {
    const fields = decode(written, { what: 'roster', maxBytes: 1e4 }) as CborValue[];
    const error = caught(() => readRoster(encode([2, ...fields.slice(1)])));
    expect([error.name, error.code]).toEqual(['CodecError', 'unknown-version']);
  });
});

describe('signing refuses', () => {
  test('no clients, too many, duplicates and bad keys', async () => {
    const code = (expected: string) =>
      expect.objectContaining({ name: 'UsageError', code: expected });
    await expect(signRoster([], voucher)).rejects.toThrow(code('out-of-range'));
    const tooMany = Array.from({ length: 10_001 }, () => clients[0] as RosterEntry);
    await expect(signRoster(tooMany, voucher)).rejects.toThrow(code('out-of-range'));
    const twice = [entry('ann', 1), entry('ann', 2)];
    await expect(signRoster(twice, voucher)).rejects.toThrow(code('duplicate-id'));
    const sameKey = [entry('ann', 1), entry('bob', 1)];
    await expect(signRoster(sameKey, voucher)).rejects.toThrow(code('duplicate-id'));
    const weak = [{ id: clientId('ann'), publicKey: new Uint8Array(32) }];
    await expect(signRoster(weak, voucher)).rejects.toThrow(code('out-of-range'));
    const short = [{ id: clientId('ann'), publicKey: new Uint8Array(31) }];
    await expect(signRoster(short, voucher)).rejects.toThrow(code('wrong-length'));
  });

  test('a signer whose signature is not its own', async () => {
    const liar: Signer = { publicKey: keyOf(8), sign: voucher.sign };
    await expect(signRoster(clients, liar)).rejects.toThrow(
      expect.objectContaining({ code: 'out-of-range' }),
    );
  });
});

describe('clientId', () => {
  test('takes text as it is', () => {
    for (const id of ['a', 'client/17', 'Zoë', '山田', '🙂', 'x'.repeat(64), '👩‍🚀']) {
      expect(clientId(id)).toBe(id);
    }
  });

  test('refuses what two people could read in two ways', () => {
    for (const id of [
      '',
      'x'.repeat(65),
      '🙂'.repeat(17),
      'a\0',
      'a\n',
      '\u007f',
      '\u0085',
      '\u2028',
      'a\u202eb',
      'Zoe\u0308',
      '\ud800',
      '\u212b',
    ]) {
      expect(() => clientId(id)).toThrow(
        expect.objectContaining({ name: 'UsageError', code: 'out-of-range' }),
      );
    }
    for (const id of [7, null, undefined, {}]) {
      expect(() => clientId(id as unknown as string)).toThrow(
        expect.objectContaining({ code: 'wrong-type' }),
      );
    }
  });
});

test('10,000 clients with the longest ids fit', { timeout: 60_000 }, async () => {
  // Real keys cost too much here: multiples of the base point are found by addition.
  const { ed25519 } = await import('@noble/curves/ed25519.js');
  const many: RosterEntry[] = [];
  let point = ed25519.Point.BASE;
  for (let i = 0; i < 10_000; i++) {
    many.push({ id: clientId(String(i).padStart(64, '0')), publicKey: point.toBytes() });
    point = point.add(ed25519.Point.BASE);
  }
  const large = await signRoster(many, voucher);
  const bytes = rosterBytes(large);
  const read = readRoster(bytes, voucher.publicKey);
  expect(read.clients.length).toBe(10_000);
  expect(rosterIndex(read, many[9_999]?.id as ClientId)).toBe(9_999);
  expect(rosterHash(read)).toEqual(rosterHash(large));
});
