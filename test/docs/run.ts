/** Writes the committed measurements into the README: `node test/docs/run.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultsOf, sectionFor, withSection } from './bench-section.ts';
import { ROOT, textOf } from './fences.ts';

const section = sectionFor(resultsOf('secagg'));
writeFileSync(join(ROOT, 'README.md'), withSection(textOf('README.md'), 'secagg', section));
