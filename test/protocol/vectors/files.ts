/** All files of test/vectors/protocol as they should be. */
import { playRound } from './play.ts';
import { ROUND_NAMES, stageOf } from './stage.ts';

/** The files, by name. */
export async function vectorFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const put = (name: string, value: unknown): void => void files.set(`${name}.json`, pretty(value));
  for (const name of ROUND_NAMES) put(`round-${name}`, await playRound(await stageOf(name)));
  return files;
}

/** JSON, one value a line, arrays of numbers on one. */
const pretty = (value: unknown): string =>
  `${JSON.stringify(value, undefined, 1).replace(/\[[-\d\s,.e+]*\]/g, (list) => list.replace(/\s+/g, ' '))}\n`;
