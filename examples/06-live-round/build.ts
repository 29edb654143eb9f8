/** Builds the page with Vite into a folder of plain files, which any server can hand out. */
import { build } from 'vite';
import type { Agreement } from './agreement.ts';

/**
 * @param outDir where the files go; whatever is there is removed
 * @param agreement what a client knows beforehand. It is part of the page: a page that asked the server
 *   would believe the server
 */
export async function buildPage(outDir: string, { voucher, run }: Agreement): Promise<void> {
  const agreed = { voucher: Buffer.from(voucher).toString('hex'), run: run ?? null };
  await build({
    configFile: false,
    root: import.meta.dirname,
    base: './',
    logLevel: 'error',
    define: { AGREED: JSON.stringify(agreed) },
    // The library's sources, as everywhere in this repository; a user of the package leaves this out.
    resolve: { conditions: ['@veilsum/source', 'module', 'browser', 'development|production'] },
    worker: { format: 'es' },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2024',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
    },
  });
}
