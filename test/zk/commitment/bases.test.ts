/** The making of bases, in a process that has none yet. */
import { expect, test } from 'vitest';
import { type BasesOptions, commitmentBases } from '../../../src/zk/commitment/index.ts';

test('tells how far it is, keeps what it has when stopped, and serves two callers at once', async () => {
  const controller = new AbortController();
  const heard: string[] = [];
  const options: BasesOptions = {
    signal: controller.signal,
    onProgress: (done, total) => {
      heard.push(`${done}/${total}`);
      if (done === 256) controller.abort(new Error('enough'));
    },
  };
  const stopped = commitmentBases(1_000, options);
  const other = commitmentBases(300, {
    onProgress: (done, total) => heard.push(`${done}/${total}`),
  });
  await expect(stopped).rejects.toThrow('enough');
  expect((await other).count).toBe(300);
  expect(heard).toEqual(['128/1000', '256/1000', '300/300']);
});
