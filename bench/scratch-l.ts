import { openBook } from './harness.ts';
import { planned } from './rehearsal.ts';
import { untilAnswered } from './secagg.ts';
import {
  latticeAdding,
  latticeBytes,
  latticeMemory,
  latticeUnmask,
  latticeVectors,
} from './secagg-lattice.ts';

const book = openBook();
const many = planned(500, 'semi-honest');
if (process.argv[2] === 'u') {
  const d = 1_000_000;
  const pairwise = await untilAnswered(book, many, d, 'x25519');
  const lattice = await untilAnswered(book, many, d, 'x25519', 'lattice');
  await latticeUnmask(book, 'n=500', { pairwise, lattice }, 5);
} else {
  await latticeVectors(book);
  await latticeAdding(book, 1e6);
  await latticeMemory(book);
  await latticeBytes(book, many, 1e6);
}
for (const r of book.report().records)
  console.log(
    r.name,
    r.value,
    r.unit,
    r.ratio,
    r.bound,
    r.holds,
    book.report().least.get(r.name)?.toFixed(3),
  );
