/** Writes the committed measurements into the READMEs: `node test/docs/run.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { epsilonTable } from '../../examples/03-private-digits/epsilon-plot.ts';
import { committedResults } from '../../examples/03-private-digits/summary.ts';
import { resultsOf, SHOWN_ROOMS, sectionFor, withSection } from './bench-section.ts';
import { encryptedSumsTable } from './encrypted-sums.ts';
import { ROOT, textOf } from './fences.ts';
import { latticeCosts } from './lattice-costs.ts';

let text = textOf('README.md');
for (const room of SHOWN_ROOMS) text = withSection(text, room, sectionFor(resultsOf(room)));
text = withSection(text, 'private-digits', epsilonTable(await committedResults()));
text = withSection(text, 'encrypted-sums', encryptedSumsTable());
writeFileSync(join(ROOT, 'README.md'), text);

const LATTICE = 'src/lattice/README.md';
writeFileSync(join(ROOT, LATTICE), withSection(textOf(LATTICE), 'lattice', latticeCosts()));
