/**
 * The fuzzer: `npm run fuzz`, bounded, seeds printed.
 *
 *     npm run fuzz -- --seconds 300            for so long in all; 60 unless said
 *     npm run fuzz -- --seed 7 --only zk/      the readers whose name begins so, with other dice
 *     npm run fuzz -- --only wire/cbor --seed 7 --case 12    one case again
 *
 * The cases run in a process of their own; this one watches that they go on, and tells which one hung or ran
 * out of memory. Whatever fails is printed with the line that repeats it, and its bytes: they belong into
 * `regressions.test.ts`.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { targets } from './table.ts';
import { caseOf, prepared, runCase, type Target } from './target.ts';

type Task = {
  readonly seed: number;
  readonly seconds: number;
  readonly only: string;
  readonly index: number | undefined;
};

/** What the child tells: what it does now, or that something failed. */
type Told = { readonly now: string } | { readonly failed: string } | { readonly line: string };

/** A case that takes longer hangs; samples may take longer to make. */
const HANG_MS = 60_000;
/** Of every reader, however little time is left for it. */
const MIN_CASES = 8;
const MAX_HEAP_MB = 1_024;

const chosen = ({ only }: Task): readonly Target[] =>
  targets.filter(({ name }) => name.startsWith(only));

const repeat = (name: string, seed: number, index: number): string =>
  `npm run fuzz -- --only ${name} --seed ${seed} --case ${index}`;

/** Fuzzes one target for its share of the time. */
async function fuzz(
  target: Target,
  task: Task,
  untilOf: () => number,
  tell: (told: Told) => void,
): Promise<void> {
  const { name } = target;
  const { seed } = task;
  tell({ now: `the samples of ${name}` });
  const made = await prepared(target);
  const until = untilOf();
  const counts = new Map<string, number>();
  let cases = 0;
  let failures = 0;
  for (let index = task.index ?? 0; failures < 3; index++) {
    if (cases % 64 === 0)
      tell({ now: `${name}, case ${index} to ${index + 63}: ${repeat(name, seed, index)}` });
    const bytes = caseOf(made, target, seed, index);
    const { wrong, outcome } = await runCase(made, target, bytes);
    cases++;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (wrong !== undefined) {
      failures++;
      const shown = Buffer.from(bytes.subarray(0, 3_000)).toString('base64');
      tell({
        failed: `${name}: ${wrong}\n    ${repeat(name, seed, index)}\n    ${bytes.length} bytes: ${shown}`,
      });
    }
    if (task.index !== undefined || (cases >= MIN_CASES && performance.now() > until)) break;
  }
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
  tell({
    line: `${name.padEnd(44)} ${String(cases).padStart(6)}  ${most.map(([code, n]) => `${code} ${n}`).join(', ')}`,
  });
}

async function work(task: Task): Promise<void> {
  const tell = (told: Told): void => void process.send?.(told);
  const list = chosen(task);
  const end = performance.now() + 1_000 * task.seconds;
  for (const [i, target] of list.entries()) {
    // What is left once the samples are made, in equal parts.
    const until = (): number => {
      const now = performance.now();
      return now + Math.max(0, end - now) / (list.length - i);
    };
    try {
      await fuzz(target, task, until, tell);
    } catch (error) {
      tell({ failed: `${target.name}: ${(error as Error).stack}` });
    }
  }
}

/** @returns the exit code */
function watch(task: Task): Promise<number> {
  const list = chosen(task);
  console.log(`${list.length} readers, seed ${task.seed}, ${task.seconds} s`);
  let failures = 0;
  let now = 'nothing yet';
  return new Promise((resolve) => {
    const child = fork(import.meta.filename, [JSON.stringify(task)], {
      execArgv: ['--conditions=@veilsum/source', `--max-old-space-size=${MAX_HEAP_MB}`],
    });
    const fail = (text: string): void => {
      failures++;
      console.log(`FAILED ${text}`);
    };
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        fail(`hung: ${now}`);
        child.kill('SIGKILL');
      }, HANG_MS);
    };
    arm();
    child.on('message', (told: Told) => {
      arm();
      if ('now' in told) now = told.now;
      else if ('failed' in told) fail(told.failed);
      else console.log(told.line);
    });
    child.on('exit', (code) => {
      if (code !== 0 && code !== null) fail(`${now}: the process ended with exit code ${code}`);
      clearTimeout(timer);
      console.log(failures === 0 ? 'nothing failed' : `${failures} failed, seed ${task.seed}`);
      resolve(failures === 0 && list.length > 0 ? 0 : 1);
    });
  });
}

const [task = ''] = process.argv.slice(2);
if (process.send !== undefined && task.startsWith('{')) {
  await work(JSON.parse(task) as Task);
  // snarkjs leaves threads behind.
  process.exit(0);
}
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
    case: { type: 'string' },
  },
});
process.exitCode = await watch({
  seed: Number(values.seed ?? Date.now() % 1_000_000),
  seconds: Number(values.seconds),
  only: values.only,
  index: values.case === undefined ? undefined : Number(values.case),
});
