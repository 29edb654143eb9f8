/** What is committed is what the sources compile to, by the pinned compiler. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyFromProvingKey } from '../../../src/zk/setup/zkey.ts';
import { publicsFor } from '../../../src/zk/update/layout.ts';
import {
  circuitSources,
  compileCircuit,
  compilerName,
  compilerOptions,
  pinnedArtifacts,
  pinsOf,
  sha256Of,
} from './compile.ts';
import { insecureTinyKey } from './keys.ts';
import { constantsText } from './poseidon-constants.ts';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'circuits/artifacts');
const pins = pinnedArtifacts();

describe('circuits/artifacts.json', () => {
  test('names the compiler and its options', () => {
    expect(pins.compiler).toBe(compilerName());
    expect(pins.compiler).toBe('circom2 0.2.23');
    expect(pins.options).toBe(compilerOptions());
  });

  test('pins every circuit of circuits.json and no other', () => {
    expect(Object.keys(pins.circuits)).toEqual(Object.keys(circuitSources));
  });

  for (const name of Object.keys(circuitSources)) {
    test(`${name}: compiled again, it is the same`, { timeout: 240_000 }, () => {
      expect(pinsOf(compileCircuit(name))).toEqual(pins.circuits[name]);
    });
  }

  test('pins the keys that are committed', () => {
    const key = insecureTinyKey();
    expect(pins.insecureKeys['aggregate-2x4']?.verifyingKey).toBe(sha256Of(keyFromProvingKey(key)));
  });
});

describe('what is committed', () => {
  const files = readdirSync(folder);

  test('the artefacts are those that are pinned', () => {
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const [name, kind] = file.split('.') as [string, 'r1cs' | 'wasm'];
      expect(sha256Of(readFileSync(join(folder, file))), file).toBe(pins.circuits[name]?.[kind]);
    }
  });

  test('every circuit’s witness generator is among them', () => {
    for (const name of Object.keys(circuitSources)) expect(files).toContain(`${name}.wasm`);
  });

  test('is at most 5 MB with the keys', () => {
    const sizes = files.map((file) => statSync(join(folder, file)).size);
    const total = sizes.reduce((sum, size) => sum + size, insecureTinyKey().length);
    expect(total).toBeLessThan(5_000_000);
  });

  test('the constants of Poseidon are those that the generator gives', () => {
    const file = readFileSync(join(root, 'circuits/lib/poseidon-constants.circom'), 'utf8');
    expect(file === constantsText()).toBe(true);
  });

  test('the table in circuits/README.md counts what is pinned', () => {
    const readme = readFileSync(join(root, 'circuits/README.md'), 'utf8');
    for (const [name, { template, params }] of Object.entries(circuitSources)) {
      const { rows = 0, wires } = pins.circuits[name] ?? {};
      const isUpdate = template === 'BoundedUpdate';
      // Hidden signals are public ones too, and there are more of them than of anything else.
      const publics = isUpdate ? publicsFor(params[0] as number) : 1;
      const values = params.reduce((product, size) => product * size, 1);
      const domain = Math.ceil(Math.log2(rows + publics + 1));
      const perValue = ((isUpdate ? rows + publics : rows) / values).toFixed(1);
      const cells = isUpdate
        ? [name, rows, wires, publics, perValue, `2^${domain}`]
        : [name, rows, wires, perValue, `2^${domain}`];
      const line = new RegExp(
        `^\\| *${cells.map((c) => String(c).replace('^', '\\^')).join(' *\\| *')} *\\|`,
        'm',
      );
      expect(readme).toMatch(line);
    }
  });

  test('no update of a thousand values takes more than 5.1 rows a value', () => {
    for (const [name, { template, params }] of Object.entries(circuitSources)) {
      const [values] = params as [number];
      if (template !== 'BoundedUpdate' || values < 1_000) continue;
      const { rows = 0 } = pins.circuits[name] ?? {};
      expect((rows + publicsFor(values)) / values).toBeLessThanOrEqual(5.1);
    }
  });
});
