import { expect, test, vi } from 'vitest';
import * as withNode from '../../src/identity/index.ts';
import { toHex } from '../../src/internal/bytes.ts';

/** The whole room as a browser loads it: no `node:crypto` at all. */
async function loadWithoutNode(): Promise<typeof withNode> {
  vi.resetModules();
  vi.doMock('../../src/internal/platform.ts', () => ({ nodeCrypto: undefined }));
  try {
    const room = await import('../../src/identity/index.ts');
    const { ed25519Backend } = await import('../../src/identity/ed25519-backends.ts');
    expect(ed25519Backend.name).toBe('noble');
    return room;
  } finally {
    vi.doUnmock('../../src/internal/platform.ts');
  }
}

const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

test('a browser and a server understand each other', async () => {
  const browser = await loadWithoutNode();
  expect(browser.signerFromPrivateKey).not.toBe(withNode.signerFromPrivateKey);

  const message = seedOf(9);
  const here = withNode.signerFromPrivateKey(seedOf(1));
  const there = browser.signerFromPrivateKey(seedOf(1));
  expect(await there.sign(message)).toEqual(await here.sign(message));
  expect(withNode.verifySignature(there.publicKey, message, await there.sign(message))).toBe(true);
  expect(browser.verifySignature(here.publicKey, message, await here.sign(message))).toBe(true);

  for (const name of withNode.SUITE_NAMES) {
    const [server, client] = [withNode.suite(name), browser.suite(name)];
    const a = server.keyPair(seedOf(2));
    const b = client.keyPair(seedOf(3));
    expect(client.keyPair(seedOf(2)).publicKey).toEqual(a.publicKey);
    // With coins, as for masks, and without, as for sealing; in both directions.
    for (const coins of [seedOf(4), undefined]) {
      const sent = server.encapsulate(b.publicKey, coins);
      const got = client.decapsulate(b, sent.ciphertext);
      expect(toHex(client.sharedSecret(b, a.publicKey, got))).toBe(
        toHex(server.sharedSecret(a, b.publicKey, sent.kemSecret)),
      );
      const back = client.encapsulate(a.publicKey, coins);
      expect(server.decapsulate(a, back.ciphertext)).toEqual(back.kemSecret);
    }
    expect(server.encapsulate(b.publicKey, seedOf(4))).toEqual(
      client.encapsulate(b.publicKey, seedOf(4)),
    );
  }

  const box = browser.sealBox(seedOf(5), message, seedOf(6));
  expect(withNode.sealBox(seedOf(5), message, seedOf(6))).toEqual(box);
  expect(withNode.openBox(seedOf(5), box, seedOf(6))).toEqual(message);

  const clients = [{ id: browser.clientId('ann'), publicKey: there.publicKey }];
  const roster = await browser.signRoster(clients, there);
  const read = withNode.readRoster(browser.rosterBytes(roster), there.publicKey);
  expect(withNode.rosterHash(read)).toEqual(browser.rosterHash(roster));
});
