import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { lengthPrefixed, utf8 } from '../../src/internal/bytes.ts';
import {
  consistencyPath,
  inclusionPath,
  merkleTree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/wire/merkle.ts';
import {
  appendToTranscript,
  emptyTranscript,
  transcriptEntry,
  transcriptHead,
  transcriptLog,
} from '../../src/wire/transcript.ts';
import { treeHash } from '../reference/merkle.ts';

const label = utf8('round 7');
const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

test('an entry is the hash of its length-prefixed kind and parts', () => {
  const parts = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
  const expected = sha256(lengthPrefixed(utf8('share'), ...parts));
  expect(transcriptEntry('share', ...parts)).toEqual(expected);
  const { entries } = appendToTranscript(emptyTranscript(label), 'share', ...parts);
  expect(entries[1]).toEqual(expected);
});

test('appending is pure', () => {
  const a = appendToTranscript(emptyTranscript(label), 'x', Uint8Array.of(1));
  const head = transcriptHead(a);
  const b = appendToTranscript(a, 'y');
  const c = appendToTranscript(a, 'z');
  expect(transcriptHead(a)).toEqual(head);
  expect([a, b, c].map(({ entries }) => entries.length)).toEqual([2, 3, 3]);
  expect(transcriptHead(b).root).not.toEqual(transcriptHead(c).root);
  expect(Object.isFrozen(a.entries)).toBe(true);
});

test('the head is the Merkle root over the entries, and tells transcripts apart', () => {
  const t = appendToTranscript(emptyTranscript(label), 'x', Uint8Array.of(1));
  expect(transcriptHead(t)).toEqual({ size: 2, root: treeHash(t.entries) });
  const others = [
    emptyTranscript(label),
    emptyTranscript(utf8('round 8')),
    appendToTranscript(emptyTranscript(utf8('round 8')), 'x', Uint8Array.of(1)),
    appendToTranscript(emptyTranscript(label), 'y', Uint8Array.of(1)),
    appendToTranscript(emptyTranscript(label), 'x', Uint8Array.of(2)),
    appendToTranscript(emptyTranscript(label), 'x', Uint8Array.of(1), new Uint8Array(0)),
  ];
  const roots = [t, ...others].map((each) =>
    Buffer.from(transcriptHead(each).root).toString('hex'),
  );
  expect(new Set(roots).size).toBe(roots.length);
});

describe('transcriptLog', () => {
  test('gives what appends one by one give', () => {
    const start = appendToTranscript(emptyTranscript(label), 'before');
    const log = transcriptLog(start);
    let slow = start;
    for (let i = 0; i < 20; i++) {
      log.append('kind', Uint8Array.of(i));
      slow = appendToTranscript(slow, 'kind', Uint8Array.of(i));
    }
    const snapshot = log.snapshot();
    expect(snapshot).toEqual(slow);
    log.append('later');
    expect(snapshot).toEqual(slow);
    expect(log.snapshot().entries).toHaveLength(slow.entries.length + 1);
    expect(start.entries).toHaveLength(2);
  });

  test('heads of a growing log are consistent, and entries provable', () => {
    const log = transcriptLog(emptyTranscript(label));
    for (let i = 0; i < 10; i++) log.append('early', Uint8Array.of(i));
    const early = transcriptHead(log.snapshot());
    for (let i = 0; i < 7; i++) log.append('late', Uint8Array.of(i));
    const { entries } = log.snapshot();
    const late = transcriptHead({ entries });
    const tree = merkleTree(entries);
    expect(
      verifyConsistency({
        firstSize: early.size,
        firstRoot: early.root,
        secondSize: late.size,
        secondRoot: late.root,
        path: consistencyPath(tree, early.size),
      }),
    ).toBe(true);
    const claim = { root: late.root, index: 12, size: late.size, path: inclusionPath(tree, 12) };
    expect(verifyInclusion({ ...claim, leaf: transcriptEntry('late', Uint8Array.of(1)) })).toBe(
      true,
    );
    expect(verifyInclusion({ ...claim, leaf: transcriptEntry('late', Uint8Array.of(2)) })).toBe(
      false,
    );
  });
});

test('parts must be bytes', () => {
  const t = emptyTranscript(label);
  expect(() => appendToTranscript(t, 'x', 'text' as never)).toThrow(UsageError);
  expect(() => emptyTranscript('text' as never)).toThrow(UsageError);
});
