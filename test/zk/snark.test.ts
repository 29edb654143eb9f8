/** The door to snarkjs: what it refuses, that it closes in order, and that it keeps to itself. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { DependencyError, UsageError } from '../../src/errors.ts';
import { fastCurve, type SnarkCurve } from '../../src/zk/snark.ts';
import { openCurve } from './support.ts';

const shared = globalThis as { curve_bn128?: unknown };

test('gives nothing where snarkjs is not installed', async () => {
  const load = (): Promise<unknown> => import(`snark${'js'}-that-nobody-installed`);
  expect(await fastCurve({ load })).toBeUndefined();
});

test('takes an injected namespace, and refuses another library or another curve', async () => {
  // @ts-expect-error: snarkjs comes without types.
  const snarkjs = (await import('snarkjs')) as { curves: object };
  const curve = await fastCurve({ load: async () => ({ default: snarkjs }) });
  expect(curve?.threads).toBe(1);
  const makes = (made: unknown) => async () => ({
    curves: { getCurveFromName: async () => made },
  });
  const wrong = { tm: { queueAction: async () => [new Uint8Array(64)], concurrency: 1 } };
  for (const load of [async () => ({}), async () => ({ curves: {} }), makes({}), makes(wrong)]) {
    const error = await fastCurve({ load }).catch((caught) => caught);
    expect(error).toBeInstanceOf(DependencyError);
    expect(error.code).toBe('peer-version');
    expect(error.details).toEqual({ package: 'snarkjs', range: '0.7.6' });
  }
  const failing = { curves: { getCurveFromName: () => Promise.reject(new RangeError('memory')) } };
  const error = await fastCurve({ load: async () => failing }).catch((caught) => caught);
  expect(error.code).toBe('runtime-unsupported');
});

test('lends the curve until its work is done, and nothing after dispose', async () => {
  for (const singleThread of [true, false]) {
    const curve = await openCurve(singleThread);
    const order: string[] = [];
    let finish: () => void = () => {};
    const work = curve.use(async (lent: SnarkCurve) => {
      expect(lent.name).toBe('bn128');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      // Its threads still answer.
      const steps = [
        { cmd: 'ALLOC', var: 0, len: 4 },
        { cmd: 'GET', out: 0, var: 0, len: 4 },
      ] as const;
      expect((await lent.tm.queueAction(steps))[0]).toHaveLength(4);
      order.push('work');
    });
    const closed = Promise.all([curve.dispose(), curve.dispose()]).then(() => order.push('closed'));
    await expect(curve.run([])).rejects.toThrow(UsageError);
    finish();
    await Promise.all([work, closed]);
    expect(order).toEqual(['work', 'closed']);
  }
});

test('is not the curve that snarkjs shares with itself', async () => {
  // @ts-expect-error: snarkjs comes without types.
  const { curves } = (await import('snarkjs')) as {
    curves: { getCurveFromName: (name: string) => Promise<SnarkCurve & AsyncDisposable> };
  };
  const theirs = await curves.getCurveFromName('bn128');
  expect(shared.curve_bn128).toBe(theirs);
  const ours = await openCurve(false);
  expect(shared.curve_bn128).toBe(theirs);
  await ours.use(async (lent) => expect(lent).not.toBe(theirs));
  await ours.dispose();
  expect(shared.curve_bn128).toBe(theirs);
  expect(await curves.getCurveFromName('bn128')).toBe(theirs);
  await (theirs as unknown as { terminate: () => Promise<void> }).terminate();
});

test('a process that used it ends by itself, and not before its work is done', () => {
  const source = new URL('../../src/zk/', import.meta.url);
  const commit = `
    const { commitmentBases, commitVector } = await import('${source}commitment/index.ts');
    const bases = await commitmentBases(2, { curve });
    const bytes = await commitVector(bases, Int32Array.of(1, 2), 8, [new Uint8Array(32)]);
    console.log(bytes.length);
  `;
  for (const singleThread of [true, false]) {
    for (const [work, said] of [
      [commit, '64\n'],
      ["console.log('idle')", 'idle\n'],
    ] as const) {
      const program = `
        const { fastCurve } = await import('${source}snark.ts');
        const curve = await fastCurve({ singleThread: ${singleThread} });
        ${work}
      `;
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '--conditions=@veilsum/source', '--eval', program],
        { encoding: 'utf8', timeout: 30_000 },
      );
      expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: said });
    }
  }
});
