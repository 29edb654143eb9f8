/**
 * The suite `graph`: degree and threshold of the published search against a file of cases. The
 * degree has to be equal; the threshold may be smaller than the listed one but not larger.
 */
import { searchParameters } from '../../src/secagg/graph-parameters.ts';
import { Malformed, type Outcome } from './suite.ts';

const MODELS = ['semi-honest', 'semi-malicious'] as const;

type Case = {
  readonly clients: number;
  readonly adversarialRate: number;
  readonly dropoutRate: number;
  readonly serverModel: (typeof MODELS)[number];
  readonly degree: number;
  readonly thresholdAtMost: number;
};

/** Runs every case of a parsed vectors file. Throws `Malformed` if it is not of that shape. */
export function graphSuite(file: unknown): Outcome {
  const cases = readCases(file);
  const mismatches: string[] = [];
  for (const [index, expected] of cases.entries()) {
    const name =
      `case ${index + 1}: ${expected.clients} clients, ${expected.adversarialRate} corrupt, ` +
      `${expected.dropoutRate} absent, ${expected.serverModel}`;
    const got = searchParameters({
      clients: expected.clients,
      corrupt: expected.adversarialRate,
      absent: expected.dropoutRate,
      model: expected.serverModel,
    });
    const wanted = `degree ${expected.degree}, threshold at most ${expected.thresholdAtMost}`;
    if (got === undefined) {
      mismatches.push(`${name}: got no sparse graph, expected ${wanted}`);
    } else if (got.degree !== expected.degree || got.threshold > expected.thresholdAtMost) {
      mismatches.push(
        `${name}: got degree ${got.degree}, threshold ${got.threshold}, expected ${wanted}`,
      );
    }
  }
  return { passed: cases.length - mismatches.length, mismatches };
}

function readCases(file: unknown): readonly Case[] {
  if (!isRecord(file) || !Array.isArray(file.cases) || file.cases.length === 0) {
    throw new Malformed('expected an object with a non-empty array "cases"');
  }
  for (const [name, bits] of [
    ['securityBits', 40],
    ['correctnessBits', 20],
  ] as const) {
    if (file[name] !== bits) {
      throw new Malformed(`"${name}": got ${JSON.stringify(file[name])}, expected ${bits}`);
    }
  }
  return file.cases.map((entry: unknown, index) => readCase(entry, `case ${index + 1}`));
}

function readCase(entry: unknown, where: string): Case {
  if (!isRecord(entry)) throw new Malformed(`${where}: expected an object`);
  const number = (name: string, fits: (value: number) => boolean, wanted: string): number => {
    const value = entry[name];
    if (typeof value === 'number' && fits(value)) return value;
    throw new Malformed(`${where}, "${name}": got ${JSON.stringify(value)}, expected ${wanted}`);
  };
  const isRate = (value: number): boolean =>
    value >= 0 && value < 1 && Math.abs(value - Number(value.toFixed(9))) === 0;
  const isCount = (least: number, most: number) => (value: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  const serverModel = MODELS.find((model) => model === entry.serverModel);
  if (serverModel === undefined) {
    throw new Malformed(
      `${where}, "serverModel": got ${JSON.stringify(entry.serverModel)}, ` +
        `expected one of ${MODELS.join(', ')}`,
    );
  }
  const rate = 'a rate from 0 to below 1 with at most nine digits';
  return {
    clients: number('clients', isCount(3, 1_000_000), 'an integer from 3 to 1000000'),
    adversarialRate: number('adversarialRate', isRate, rate),
    dropoutRate: number('dropoutRate', isRate, rate),
    serverModel,
    degree: number('degree', isCount(0, 1_000_000), 'an integer from 0'),
    thresholdAtMost: number('thresholdAtMost', isCount(0, 1_000_000), 'an integer from 0'),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
