/**
 * `npm run --silent conformance -- SUITE FILE.json`: compares veilsum with a file of published
 * numbers. Prints each mismatch and a closing line "N passed, N failed". Exit code: 0 all passed,
 * 1 some failed, 2 the file or the command could not be read.
 */
import { readFileSync } from 'node:fs';
import { dpSuite } from './dp.ts';
import { graphSuite } from './graph.ts';
import { latticeSuite } from './lattice.ts';
import { Malformed, type Outcome, type Suite } from './suite.ts';

/** Every suite by its name; a new one is one more line. */
const SUITES: Readonly<Record<string, Suite>> = {
  dp: dpSuite,
  graph: graphSuite,
  lattice: latticeSuite,
};

function main(args: readonly string[]): number {
  const [name, path] = args;
  const suite = name !== undefined && Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
  if (suite === undefined || path === undefined || args.length !== 2) {
    console.error(
      `usage: npm run --silent conformance -- SUITE FILE.json (suites: ${Object.keys(SUITES).join(', ')})`,
    );
    return 2;
  }
  let outcome: Outcome;
  try {
    outcome = suite(parse(path));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    console.error(`${path}: ${error.message}`);
    return 2;
  }
  for (const mismatch of outcome.mismatches) console.log(mismatch);
  console.log(`${outcome.passed} passed, ${outcome.mismatches.length} failed`);
  return outcome.mismatches.length === 0 ? 0 : 1;
}

function parse(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Malformed(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed('is not JSON');
  }
}

process.exitCode = main(process.argv.slice(2));
