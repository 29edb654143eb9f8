/** The file storage: what a crash, a torn line, a second process or a restored copy does to a budget. */
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gaussian, type Ledger, type LedgerOptions, openLedger } from 'veilsum/dp';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openFileStorage } from '../../examples/ledger-file/file-storage.ts';

const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));

let path: string;
let files = 0;
beforeEach(() => {
  path = join(folder, `${files++}.ledger`);
});

const loaded = async (): Promise<readonly string[]> => {
  const storage = await openFileStorage(path);
  try {
    return await storage.load();
  } finally {
    await storage.close();
  }
};

async function filled(lines: readonly string[]): Promise<void> {
  const storage = await openFileStorage(path);
  await storage.load();
  for (const [i, line] of lines.entries()) await storage.append(i, line);
  await storage.close();
}

const options: LedgerOptions = { budget: { epsilon: 4, delta: 1e-6 }, neighbours: 'zero-out' };
const round = (name: string) => ({
  round: name,
  plan: new Uint8Array(32),
  event: gaussian({ noiseMultiplier: 20 }),
});

describe('lines', () => {
  test('come back as they were, in their order', async () => {
    const lines = ['{"a":1}', 'ä ∑ 𝄞', '', ' blanks ', 'line\u2028separators\u2029'];
    await filled(lines);
    expect(await loaded()).toEqual(lines);
  });

  test('an index that is taken, or too high, is refused', async () => {
    await filled(['a', 'b']);
    const storage = await openFileStorage(path);
    for (const index of [0, 1, 3]) {
      await expect(storage.append(index, 'x')).rejects.toThrow('open the ledger again');
    }
    await storage.close();
    expect(await loaded()).toEqual(['a', 'b']);
  });

  test('a line break would be two lines', async () => {
    const storage = await openFileStorage(path);
    await expect(storage.append(0, 'a\nb')).rejects.toThrow();
    await storage.close();
    expect(await loaded()).toEqual([]);
  });
});

describe('a torn last line', () => {
  test('cut anywhere, it is passed over, and writing goes on', async () => {
    await filled(['first', 'second', 'the third – ä']);
    const whole = readFileSync(path);
    const start = whole.lastIndexOf('\n2 ');
    for (let end = start; end <= whole.length; end++) {
      writeFileSync(path, whole.subarray(0, end));
      // A crash counts as spent only if the line is whole.
      const isWhole = end >= whole.length - 1;
      const kept = isWhole ? ['first', 'second', 'the third – ä'] : ['first', 'second'];
      expect(await loaded()).toEqual(kept);
      const storage = await openFileStorage(path);
      await storage.load();
      await storage.append(kept.length, 'next');
      await storage.append(kept.length + 1, 'and next');
      await storage.close();
      expect(await loaded()).toEqual([...kept, 'next', 'and next']);
    }
  });

  test('zeros or garbage behind a kept line take nothing with them', async () => {
    for (const tail of [
      Buffer.alloc(1),
      Buffer.alloc(64),
      Buffer.from('x'),
      Buffer.from('3 gar'),
    ]) {
      path = join(folder, `tail-${files++}.ledger`);
      await filled(['first', 'second']);
      appendFileSync(path, tail);
      expect(await loaded()).toEqual(['first', 'second']);
      const storage = await openFileStorage(path);
      await storage.load();
      await storage.append(2, 'third');
      await storage.close();
      appendFileSync(path, tail);
      expect(await loaded()).toEqual(['first', 'second', 'third']);
    }
  });

  test('of a ledger: no entry that was confirmed is lost to zeros after each crash', async () => {
    for (let i = 0; i < 5; i++) {
      const storage = await openFileStorage(path);
      const ledger = await openLedger(storage, options);
      expect(ledger.head().count).toBe(i);
      expect((await ledger.admit(round(`round/${i}`))).admitted).toBe(true);
      await storage.close();
      appendFileSync(path, Buffer.alloc(64));
    }
  });

  test('of another process, while this one is open', async () => {
    const storage = await openFileStorage(path);
    await storage.load();
    await storage.append(0, 'first');
    appendFileSync(path, '\n1 0123456789abcdef tor');
    await storage.append(1, 'second');
    await storage.append(2, 'third');
    await storage.close();
    expect(await loaded()).toEqual(['first', 'second', 'third']);
  });
});

/** Runs work with the calls of open files written down, and with writes cut short where asked. */
async function watched(
  work: () => Promise<unknown>,
  cut: (bytes: number) => number = (bytes) => bytes,
): Promise<string[]> {
  const calls: string[] = [];
  const handle = await openFile(path, 'a+');
  const files = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { read, sync, write } = files;
  vi.spyOn(files, 'read').mockImplementation(function (this: FileHandle, ...rest: unknown[]) {
    calls.push('read');
    return Reflect.apply(read, this, rest);
  } as never);
  vi.spyOn(files, 'sync').mockImplementation(function (this: FileHandle) {
    calls.push('sync');
    return Reflect.apply(sync, this, []);
  });
  vi.spyOn(files, 'write').mockImplementation(function (this: FileHandle, bytes: Buffer) {
    calls.push('write');
    return Reflect.apply(write, this, [bytes.subarray(0, cut(bytes.length))]);
  } as never);
  try {
    await work();
  } finally {
    vi.restoreAllMocks();
  }
  return calls;
}

describe('what lasts', () => {
  test('a line is synced before it counts, and read again after', async () => {
    const storage = await openFileStorage(path);
    await storage.load();
    const calls = await watched(() => storage.append(0, 'first'));
    expect(calls).toEqual(['read', 'write', 'sync', 'read']);
    await storage.close();
  });

  test('what is loaded was synced after it was read', async () => {
    await filled(['first']);
    const storage = await openFileStorage(path);
    expect(await watched(() => storage.load())).toEqual(['read', 'sync']);
    await storage.close();
  });

  test('a new file is synced into its folder', async () => {
    const calls = await watched(async () => (await openFileStorage(path)).close());
    expect(calls).toEqual(['sync']);
  });

  test('a disk that takes a part only is reported, and the part passed over', async () => {
    await filled(['first']);
    const storage = await openFileStorage(path);
    await storage.load();
    // All but the break behind: the digest is right, and still the disk did not take all.
    for (const short of [20, 1]) {
      const failing = watched(
        () => storage.append(1, short === 1 ? 'second' : 'lost'),
        (bytes) => bytes - short,
      );
      await expect(failing).rejects.toThrow('a part only');
      // Whole up to the break behind counts as spent.
      expect(await loaded()).toEqual(short === 1 ? ['first', 'second'] : ['first']);
    }
    await storage.close();
  });
});

describe('two that have the file open', () => {
  test('of two lines for one index one is kept, and only its writer hears so', async () => {
    for (let trial = 0; trial < 20; trial++) {
      path = join(folder, `race-${trial}.ledger`);
      const both = [await openFileStorage(path), await openFileStorage(path)] as const;
      for (const storage of both) await storage.load();
      const answers = await Promise.allSettled(both.map((s, i) => s.append(0, `from ${i}`)));
      const winners = answers.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(await loaded()).toEqual([`from ${winners[0]}`]);
      for (const storage of both) await storage.close();
    }
  });

  test('ledgers: the one that is behind is stopped, and goes on when opened again', async () => {
    const both = [await openFileStorage(path), await openFileStorage(path)] as const;
    const one = await openLedger(both[0], options);
    const two = await openLedger(both[1], options);
    expect((await one.admit(round('a'))).admitted).toBe(true);
    await expect(two.admit(round('b'))).rejects.toMatchObject({ code: 'state-spent' });
    const again = await openLedger(both[1], options);
    expect(again.head()).toEqual(one.head());
    expect(await again.admit(round('b'))).toMatchObject({ admitted: true, index: 2 });
    for (const storage of both) await storage.close();
  });

  test('two ledgers that share one storage object', async () => {
    const storage = await openFileStorage(path);
    const one = await openLedger(storage, options);
    const two = await openLedger(storage, options);
    const answers = await Promise.allSettled([one.admit(round('a')), two.admit(round('b'))]);
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await openLedger(storage, options)).head().count).toBe(1);
    await storage.close();
  });
});

/** A process that pays for round after round and says so, until it is killed. */
const PAYER = `
  import { gaussian, openLedger } from 'veilsum/dp';
  import { openFileStorage } from ${JSON.stringify(join(import.meta.dirname, '../../examples/ledger-file/file-storage.ts'))};
  const storage = await openFileStorage(process.argv[1]);
  const ledger = await openLedger(storage, ${JSON.stringify(options)});
  const event = gaussian({ noiseMultiplier: 1000 });
  for (;;) {
    const name = process.pid + '/' + ledger.head().count;
    const { index } = await ledger.admit({ round: name, plan: new Uint8Array(32), event });
    process.stdout.write(index + ' ' + name + '\\n');
  }
`;

describe('a process that is killed', () => {
  test('has spent what it was told, and at most one entry more', { timeout: 60_000 }, async () => {
    let before = 0;
    for (let trial = 0; trial < 4; trial++) {
      const payer = spawn(
        process.execPath,
        ['--conditions=@veilsum/source', '--input-type=module', '-e', PAYER, path],
        { cwd: join(import.meta.dirname, '../..'), stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let said = '';
      const ended = new Promise((resolve) => payer.on('close', resolve));
      payer.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        // In the middle of whatever it is doing now.
        if (said.split('\n').length > 15 + 7 * trial) payer.kill('SIGKILL');
      });
      await ended;
      const acknowledged = said.split('\n').slice(0, -1);
      expect(acknowledged.length).toBeGreaterThan(10);
      const storage = await openFileStorage(path);
      const { count } = (await openLedger(storage, options)).head();
      const lines = await storage.load();
      await storage.close();
      expect(count).toBeGreaterThanOrEqual(before + acknowledged.length);
      // A line may be whole and its writer killed before it heard so, or before it could say so.
      expect(count).toBeLessThanOrEqual(before + acknowledged.length + 1);
      for (const line of acknowledged) {
        const [index, name] = line.split(' ') as [string, string];
        expect(JSON.parse(lines[Number(index)] as string)).toMatchObject({ round: name });
      }
      before = count;
    }
  });
});

describe('a file that was changed', () => {
  test('is refused by the ledger, whatever the storage makes of it', async () => {
    const storage = await openFileStorage(path);
    const ledger = await openLedger(storage, options);
    for (const name of ['a', 'b', 'c']) await ledger.admit(round(name));
    const rememberedHead = ledger.head();
    await storage.close();
    const records = readFileSync(path, 'utf8').split('\n').filter(Boolean);
    const open = async (changed: readonly string[]) => {
      writeFileSync(path, changed.map((record) => `\n${record}\n`).join(''));
      const again = await openFileStorage(path);
      try {
        return await openLedger(again, { ...options, rememberedHead });
      } finally {
        await again.close();
      }
    };
    expect((await open(records)).head()).toEqual(rememberedHead);
    // Doubled records change nothing: the first counts.
    expect((await open([...records, ...records])).head()).toEqual(rememberedHead);
    const tampered = { code: 'ledger-tampered' };
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as string;
      await expect(open(records.filter((_, k) => k !== i))).rejects.toMatchObject(tampered);
      const edited = records.map((other, k) => (k === i ? record.replace('"c"', '"d"') : other));
      if (edited[i] !== record) await expect(open(edited)).rejects.toMatchObject(tampered);
    }
    await expect(open([...records].reverse())).rejects.toMatchObject(tampered);
    await expect(open([])).rejects.toMatchObject(tampered);
  });

  test('in any one byte of any record, the last one included, it is refused', async () => {
    const storage = await openFileStorage(path);
    const ledger = await openLedger(storage, options);
    for (const name of ['a', 'b']) await ledger.admit(round(name));
    const rememberedHead = ledger.head();
    await storage.close();
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] as number) ^ bit;
        writeFileSync(path, changed);
        const again = await openFileStorage(path);
        // No head is remembered: the file itself has to show it.
        const opened = await openLedger(again, options).catch((error: unknown) => error);
        if (opened instanceof Error) expect(opened).toMatchObject({ code: 'ledger-tampered' });
        else expect([at, bit, opened]).toMatchObject([at, bit, { id: ledger.id }]);
        if (!(opened instanceof Error)) {
          expect((opened as Ledger).head()).toEqual(rememberedHead);
        }
        await again.close();
      }
    }
    writeFileSync(path, Buffer.from(whole.toString().replaceAll('\n', '\r\n')));
    await expect(loaded()).rejects.toMatchObject({ code: 'ledger-tampered' });
  });
});

test('a remembered head that cannot be read is not one that was never there', {
  timeout: 60_000,
}, () => {
  const at = join(folder, 'new', 'folders');
  const pay = (): number | null =>
    spawnSync(
      process.execPath,
      ['--conditions=@veilsum/source', 'examples/ledger-file/main.ts', at],
      {
        cwd: join(import.meta.dirname, '../..'),
      },
    ).status;
  expect(pay()).toBe(0);
  const head = join(at, 'head.json');
  expect(JSON.parse(readFileSync(head, 'utf8'))).toMatchObject({ count: 1 });
  rmSync(head);
  mkdirSync(head);
  expect(pay()).not.toBe(0);
  expect(readFileSync(join(at, 'budget.ledger'), 'utf8')).not.toContain('training/2');
});
