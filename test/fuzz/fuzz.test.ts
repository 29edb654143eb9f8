/**
 * The fuzzer itself: that no reader of the library is missing from it, that it finds what a careless
 * reader gets wrong, and a short run of every quick reader with dice that are always the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CodecError, UsageError } from '../../src/errors.ts';
import { bytesOf } from './mutate.ts';
import { targets } from './table.ts';
import { caseOf, type Prepared, prepared, runCase, type Target } from './target.ts';

const SRC = join(import.meta.dirname, '../../src');
const SEED = 1;

/** Verbs of those who are handed something from outside. */
const READER =
  /^export (?:async )?(?:function|const) ((?:read|decode|restore|receive|accept|open|verify|check|feed|combine)(?:[A-Z]\w*)?|\w+From(?:Snarkjs|ProvingKey)|is(?:Valid|Canonical|Insecure)\w+|beaconOf\w+|split\w*Proof|(?:\w+U|u)pdateKey(?:For\w+)?)\b/gm;
const ANY = /^export (?:async )?(?:function|const) (\w+)/gm;

/** Who has such a name and no bytes from outside, or is reached through somebody else who is fuzzed. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  openSeal: 'loads code, whose hash is pinned',
  openProver: 'starts threads',
  openStaging: 'makes empty places',
  openLatticeSum: 'makes an empty sum',
  openVectors: 'gets words that accept has read: any numbers are some',
  openRange: 'is what openVectors does',
  decodeReals: 'gets what SEAL decrypted',
  decodeReal: 'gets an opened sum: any numbers are one',
  decodeIntegerSum: 'gets an opened sum: any numbers are one',
  decodeSums: 'gets an opened sum: any numbers are one',
  checkBeacon: "asks the caller's own port",
  checkFloor: 'gets numbers, which the reader of plans has read',
  checkVector: "gets the caller's own values",
  checkClosable: 'counts what was taken in',
  checkReveal: 'compares hashes, for checkRevealed',
  combineWithWeights: 'is what combineShares and runPieceInto do',
  combineInto: 'gets shares that decodeLattice has read',
  combine: 'gets points that openSum has read',
  receiveShares: 'reads by decodeReveal; its boxes are sealed with randomness that has no seed',
  receiveDealt: 'gets shares that decodeLattice has read',
  readSigned: 'is what the steps of a client read headers by',
  readBigEndian: 'any bytes are a number',
  verifyProvingKey:
    'asks snarkjs, and catches what it throws; what is read here is isInsecureProvingKey',
  updateKey: 'is insecureUpdateKeyForTestingOnly with one more refusal',
  startUpdateKey: 'reads by readKey',
  writeUpdateKey: 'writes',
};

/** Names by file, kernels aside: those are behind the readers. */
function exported(pattern: RegExp): ReadonlySet<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(SRC, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.name.endsWith('.ts') || /\/(kernel|internal)\//.test(path)) continue;
    for (const [, name] of readFileSync(path, 'utf8').matchAll(pattern)) found.add(name as string);
  }
  return found;
}

describe('the table', () => {
  const covered = new Set(targets.flatMap(({ covers }) => covers));

  test('has every reader, or says why not', () => {
    const missing = [...exported(READER)].filter(
      (name) => !covered.has(name) && !Object.hasOwn(EXCEPTIONS, name),
    );
    expect(missing).toEqual([]);
  });

  test('names nobody who is not there, and nobody twice', () => {
    const all = exported(ANY);
    const named = [...covered, ...Object.keys(EXCEPTIONS)];
    expect(named.filter((name) => !all.has(name))).toEqual([]);
    expect(Object.keys(EXCEPTIONS).filter((name) => covered.has(name))).toEqual([]);
    expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
  });
});

/** Fuzzes a reader that is made for the purpose, until something is wrong with it. */
async function firstWrong(read: Prepared['read'], more: Partial<Target> = {}): Promise<string> {
  const samples = [Uint8Array.of(0x83, 1, 2, 0x43, 1, 2, 3)];
  const target: Target = { name: 'x', covers: [], prepare: () => ({ samples, read }), ...more };
  const made = await target.prepare();
  for (let index = 0; index < 500; index++) {
    const { wrong } = await runCase(made, target, caseOf(made, target, SEED, index));
    if (wrong !== undefined) return wrong;
  }
  return 'nothing';
}

describe('the fuzzer finds', () => {
  test('nothing in a reader without fault', async () => {
    expect(await firstWrong(() => 'refused')).toBe('nothing');
    expect(await firstWrong((bytes) => bytes.slice())).toBe('nothing');
    const refusing = (): never => {
      throw new CodecError('malformed', 'x');
    };
    expect(await firstWrong(refusing)).toBe('nothing');
  });

  test('errors that are not ours, or of another kind than documented', async () => {
    const reads = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const careless = await firstWrong((bytes) => {
      reads(bytes).getUint32(0);
      return 'taken';
    });
    expect(careless).toContain('RangeError');
    const blaming = (bytes: Uint8Array): never => {
      throw new UsageError('wrong-length', `${bytes.length} bytes`);
    };
    expect(await firstWrong(blaming)).toContain('UsageError');
    expect(await firstWrong(blaming, { throws: ['UsageError'] })).toBe('nothing');
  });

  test('two encodings of one value', async () => {
    expect(await firstWrong((bytes) => bytes.slice(0, 7))).toContain('other bytes');
    expect(
      await firstWrong((bytes) => new Uint8Array(bytes.buffer).slice(0, bytes.length)),
    ).toContain('other bytes');
  });

  test('a changed input, and memory on a stranger\u2019s word', async () => {
    const scribbling = (bytes: Uint8Array): 'taken' => {
      bytes.fill(0);
      return 'taken';
    };
    expect(await firstWrong(scribbling)).toContain('changed the bytes');
    const kept: Uint8Array[] = [];
    const greedy = (bytes: Uint8Array): 'taken' => {
      if ((bytes[0] as number) > 0x90) kept.push(new Uint8Array(2 ** 27));
      return 'taken';
    };
    expect(await firstWrong(greedy)).toContain('MiB');
  });

  test('the same again from the same seed', async () => {
    const target = targets.find(({ name }) => name === 'secagg/downlink-to-mask-x25519') as Target;
    const [a, b] = [await prepared(target), await prepared(target)];
    for (let index = 0; index < 50; index++) {
      expect(caseOf(a, target, 7, index)).toEqual(caseOf(b, target, 7, index));
    }
    expect(caseOf(a, target, 7, 1)).not.toEqual(caseOf(a, target, 8, 1));
    expect(bytesOf('\u00ff')).toEqual(Uint8Array.of(255));
  });
});

/** Cases of each reader; `npm run fuzz` takes thousands. */
const CASES = 12;

describe('a short run', () => {
  for (const target of targets.filter(({ isSlow }) => isSlow !== true)) {
    test(target.name, async () => {
      const made = await prepared(target);
      for (let index = 0; index < CASES; index++) {
        const bytes = caseOf(made, target, SEED, index);
        const { wrong } = await runCase(made, target, bytes);
        expect(wrong, `case ${index}: ${Buffer.from(bytes).toString('base64')}`).toBeUndefined();
      }
    });
  }
});
