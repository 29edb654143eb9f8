/**
 * Compiles the circuits of circuits/circuits.json. `npm run circuits` writes everything into
 * build/circuits (not committed), the artefacts that are small into circuits/artifacts, and the hashes
 * of all into circuits/artifacts.json; a test compiles again and compares.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readR1cs } from '../../../src/zk/setup/r1cs.ts';
import { writeConstants } from './poseidon-constants.ts';

const require = createRequire(import.meta.url);
const ROOT = join(import.meta.dirname, '../../..');
const CIRCUITS = join(ROOT, 'circuits');
const PINS = join(CIRCUITS, 'artifacts.json');

/** Where whole builds go. The compiler wants everything below its working directory. */
export const BUILD: string = join(ROOT, 'build/circuits');

/** Artefacts up to this size are committed. */
const SMALL = 600_000;

/** `1`: what equals another wire or a constant is dropped, and nothing else is rewritten. */
const OPTIONS: readonly string[] = ['--O1', '--r1cs', '--wasm'];

/** One line of circuits.json. */
export type CircuitSource = {
  readonly file: string;
  readonly template: string;
  readonly publics: readonly string[];
  readonly params: readonly number[];
};

/** What is pinned of one circuit. */
type Pins = {
  /** Rows of the constraint system, and the two kinds that the compiler counts. */
  readonly rows: number;
  readonly wires: number;
  readonly r1cs: string;
  readonly wasm: string;
};

/** circuits/artifacts.json. */
export type PinnedArtifacts = {
  readonly compiler: string;
  readonly options: string;
  readonly circuits: Readonly<Record<string, Pins>>;
  /** Of keys from a setup whose secrets are known: for tests. */
  readonly insecureKeys: Readonly<
    Record<string, { readonly zkey: string; readonly verifyingKey: string }>
  >;
};

/** What the compiler made. */
export type Compiled = { readonly r1cs: Uint8Array; readonly wasm: Uint8Array };

/** Lower-case hexadecimal SHA-256. */
export const sha256Of = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The circuits by name. */
export const circuitSources: Readonly<Record<string, CircuitSource>> = JSON.parse(
  readFileSync(join(CIRCUITS, 'circuits.json'), 'utf8'),
) as Record<string, CircuitSource>;

/** What is committed in circuits/artifacts.json. */
export const pinnedArtifacts = (): PinnedArtifacts =>
  JSON.parse(readFileSync(PINS, 'utf8')) as PinnedArtifacts;

/** Writes circuits/artifacts.json. */
export const writePins = (pins: PinnedArtifacts): void =>
  writeFileSync(PINS, `${JSON.stringify(pins, undefined, 2)}\n`);

/** Compiles one circuit, or any source text with an `include` of `circuits/…`. */
export function compileSource(name: string, source: string): Compiled {
  mkdirSync(BUILD, { recursive: true });
  // Includes are looked for from the file's own folder.
  const folder = mkdtempSync(join(BUILD, 'compile-'));
  try {
    writeFileSync(join(folder, `${name}.circom`), source);
    const cli = require.resolve('circom2/cli.js');
    const run = spawnSync(
      process.execPath,
      [cli, ...OPTIONS, '-o', folder, join(folder, `${name}.circom`)],
      { cwd: ROOT, encoding: 'utf8', timeout: 120_000 },
    );
    if (run.status !== 0) throw new Error(`circom: ${name}: ${run.stdout}${run.stderr}`);
    return {
      r1cs: readFileSync(join(folder, `${name}.r1cs`)),
      wasm: readFileSync(join(folder, `${name}_js`, `${name}.wasm`)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compiles one of circuits.json. */
export function compileCircuit(name: string): Compiled {
  const source = circuitSources[name];
  if (source === undefined) throw new Error(`${name}: not in circuits.json`);
  const { file, template, publics, params } = source;
  return compileSource(
    name,
    `pragma circom 2.2.0;
include "../../../circuits/${file}";
component main {public [${publics.join(', ')}]} = ${template}(${params.join(', ')});
`,
  );
}

/** An artefact that matches its pin: committed, built before, or built now. */
export function artifact(name: string, kind: keyof Compiled): Uint8Array {
  const pin = pinnedArtifacts().circuits[name]?.[kind];
  for (const folder of [join(CIRCUITS, 'artifacts'), BUILD]) {
    const path = join(folder, `${name}.${kind}`);
    if (!existsSync(path)) continue;
    const bytes = readFileSync(path);
    if (sha256Of(bytes) === pin) return bytes;
  }
  const made = compileCircuit(name);
  writeBuild(name, made);
  if (sha256Of(made[kind]) !== pin) throw new Error(`${name}.${kind}: other than pinned`);
  return made[kind];
}

/** Keeps a build for later. */
function writeBuild(name: string, made: Compiled): void {
  mkdirSync(BUILD, { recursive: true });
  for (const kind of ['r1cs', 'wasm'] as const) {
    writeFileSync(join(BUILD, `${name}.${kind}`), made[kind]);
  }
}

/** What artifacts.json should say of one circuit. */
export function pinsOf({ r1cs, wasm }: Compiled): Pins {
  const { rows, wires } = readR1cs(r1cs);
  return { rows: rows.length, wires, r1cs: sha256Of(r1cs), wasm: sha256Of(wasm) };
}

/** The compiler, as artifacts.json names it. */
export function compilerName(): string {
  const { version } = require('circom2/package.json') as { readonly version: string };
  return `circom2 ${version}`;
}

/** The options that every circuit is compiled with. */
export const compilerOptions = (): string => OPTIONS.join(' ');

if (process.argv[1] === import.meta.filename) {
  writeConstants();
  const pins: Record<string, Pins> = {};
  mkdirSync(join(CIRCUITS, 'artifacts'), { recursive: true });
  for (const name of Object.keys(circuitSources)) {
    const made = compileCircuit(name);
    writeBuild(name, made);
    for (const kind of ['r1cs', 'wasm'] as const) {
      if (made[kind].length > SMALL) continue;
      writeFileSync(join(CIRCUITS, 'artifacts', `${name}.${kind}`), made[kind]);
    }
    pins[name] = pinsOf(made);
    process.stdout.write(`${name}: ${pins[name].rows} rows, ${pins[name].wires} wires\n`);
  }
  writePins({
    compiler: compilerName(),
    options: compilerOptions(),
    circuits: pins,
    insecureKeys: pinnedArtifacts().insecureKeys,
  });
}
