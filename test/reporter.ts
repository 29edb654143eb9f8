/** Ends a run with the one line that CI reads: `N passed, N failed` (`, N skipped`). */
import type { Reporter } from 'vitest/node';

export const closingLine: Reporter = {
  onTestRunEnd(modules, unhandled) {
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file or a suite that breaks outside its tests (an import, a hook) counts as one failure.
      for (const part of [module, ...module.children.allSuites()]) {
        if (part.errors().length > 0) count.failed++;
      }
    }
    const failed = count.failed + count.pending; // A test that never ended did not pass.
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    // Other reporters may still be writing: speak last.
    process.once('exit', () => console.log(`\n${count.passed} passed, ${failed} failed${skipped}`));
  },
};
