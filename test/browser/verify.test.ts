/** The verifier in Chromium, on the main thread of a page under a strict policy, without snarkjs. */
import { expect, test } from 'vitest';
import type { BundleVerdict } from '../../src/verify.ts';
import type { Handed } from './verify-page.ts';

const POLICY = "default-src 'none'; script-src 'self'";

const file = async (name: string): Promise<Response> =>
  fetch(new URL(`../vectors/bundle/${name}`, import.meta.url));

type Answer = {
  readonly evaluates: boolean;
  readonly good: BundleVerdict;
  readonly bad: BundleVerdict;
};

test('the sample bundle is verified under a strict Content Security Policy', async () => {
  const bundle = new Uint8Array(await (await file('v1.bundle')).arrayBuffer());
  const trust = await (await file('v1.trust.json')).text();
  expect(bundle.length).toBeGreaterThan(10_000);
  const frame = document.createElement('iframe');
  const answered = new Promise<Answer>((resolve) => {
    const handed: Handed = { bundle, trust, answer: (said) => resolve(said as Answer) };
    Object.assign(window, { handed });
  });
  const page = new URL('./verify-page.ts', import.meta.url).pathname;
  frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><script type="module" src="${page}"></script>`;
  document.body.append(frame);
  const { evaluates, good, bad } = await answered;
  frame.remove();
  expect(evaluates).toBe(false);
  expect(good.reasons).toEqual([]);
  expect(good.valid).toBe(true);
  expect(good.sum?.votes).toEqual([4, -8, 36]);
  expect(bad.valid).toBe(false);
  expect(bad.reasons[0]?.code).toBe('bad-signature');
});
