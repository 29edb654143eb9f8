/** Section 3: reading a roster. */
import { bytes, decode, encode, int, list, text } from './cbor.ts';
import { isIdentityKey, verified } from './ed25519.ts';
import { ascii, LP, same } from './primitives.ts';
import { must } from './refused.ts';

export type Client = { readonly id: string; readonly key: Uint8Array };

/** Section 3. */
export function readRoster(encoded: Uint8Array, voucher: Uint8Array): readonly Client[] {
  const roster = list(decode(encoded, 1_010_128), 4);
  must(int(roster[0], 0, 2 ** 32 - 1) === 1, 'unknown-version', 'roster');
  const entries = list(roster[1], undefined, 10_000);
  must(entries.length > 0, 'malformed', 'no clients');
  const clients = entries.map((entry) => {
    const [id, key] = list(entry, 2);
    must(text(id).length <= 64, 'malformed', 'id');
    return { id: text(id), key: bytes(key, 32) };
  });
  must(same(bytes(roster[2], 32), voucher), 'bad-roster', 'another voucher');
  const signature = bytes(roster[3], 64);
  const content = LP(ascii('veilsum/v1 roster'), encode(entries));
  must(verified(voucher, content, signature), 'bad-roster', 'signature');
  for (const { id, key } of clients) {
    const isText = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+$/u.test(id);
    const size = ascii(id).length;
    must(isText && size >= 1 && size <= 64 && id.normalize('NFC') === id, 'malformed', 'id');
    must(isIdentityKey(key), 'bad-roster', 'identity key');
  }
  must(new Set(clients.map(({ id }) => id)).size === clients.length, 'bad-roster', 'id twice');
  const keys = new Set(clients.map(({ key }) => `${key}`));
  must(keys.size === clients.length, 'bad-roster', 'key twice');
  return clients;
}
