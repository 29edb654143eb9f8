/** The committed module is what its source compiles to. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MODULE_BASE64, MODULE_SHA256 } from '../../src/kernel/module.ts';
import { compileKernel, moduleText } from './compile.ts';

const committed = Buffer.from(MODULE_BASE64, 'base64');

test('compiling the source again gives the committed bytes', async () => {
  const compiled = await compileKernel();
  expect(Buffer.compare(compiled, committed)).toBe(0);
  const file = new URL('../../src/kernel/module.ts', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(moduleText(compiled));
});

test('the hash is that of the bytes', () => {
  expect(createHash('sha256').update(committed).digest('hex')).toBe(MODULE_SHA256);
});

test('the module takes a memory, and gives functions on it: nothing else goes in or out', () => {
  const module = new WebAssembly.Module(committed);
  expect(WebAssembly.Module.imports(module)).toEqual([
    { module: 'env', name: 'memory', kind: 'memory' },
  ]);
  const kinds = WebAssembly.Module.exports(module).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind !== 'function')).toEqual(['memory']);
});

test('the module brings no data and no start function: an instance does nothing by itself', () => {
  const sections = new Set<number>();
  for (let at = 8; at < committed.length; ) {
    sections.add(committed[at] as number);
    let size = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = committed[++at] as number;
      size += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte > 127);
    at += size + 1;
  }
  expect(sections.has(8), 'start section').toBe(false);
  expect(sections.has(11), 'data section').toBe(false);
  expect(sections.has(10), 'code section').toBe(true);
});
