import { withLatticeBench, ringPolynomial, ringValues, setCode, hideBlock, openBlock } from '../src/kernel/lattice.ts';
import { codeOf } from '../src/lattice/coding.ts';
import { latticeShape } from '../src/lattice/parameters.ts';
import { drawGaussianInto } from '../src/lattice/gaussian.ts';
import { polynomialInto } from '../src/lattice/polynomials.ts';
import { addStreamInto, expandInto } from 'veilsum/prg';
import { residentVectors } from '../src/kernel/index.ts';
const now = () => performance.now();
const [v] = residentVectors([1e6]) as [Uint32Array];
withLatticeBench(4, (bench) => {
  expandInto(bench.windows, new Uint8Array(32)); ringPolynomial(bench);
  bench.coefficients.fill(3); for (let i = 0; i < 4; i++) ringValues(bench, i);
  const code = codeOf(latticeShape({ clients: 500, length: 1e6, low: 0, high: 500 * 65535 })); setCode(bench, code);
  const rows: Record<string, number[]> = { hide: [], open: [], forward: [], poly: [], gauss: [], mask: [] };
  const key = new Uint8Array(32);
  for (let z = 0; z < 31; z++) {
    let t = now(); for (let i = 0; i < 488; i++) hideBlock(bench, i & 3, i & 7, code); rows.hide!.push((now() - t) / 488 / 2048 * 1e6);
    t = now(); for (let i = 0; i < 488; i++) openBlock(bench, i & 3, i & 7, code); rows.open!.push((now() - t) / 488 / 2048 * 1e6);
    t = now(); for (let i = 0; i < 100; i++) ringValues(bench, i & 3); rows.forward!.push((now() - t) / 100 / 2048 * 1e6);
    t = now(); for (let i = 0; i < 100; i++) polynomialInto(bench, key, i); rows.poly!.push((now() - t) / 100 / 2048 * 1e6);
    t = now(); for (let i = 0; i < 60; i++) drawGaussianInto(bench.errors); rows.gauss!.push((now() - t) / 60 / 16384 * 1e6);
    t = now(); addStreamInto(v, key); rows.mask!.push((now() - t));
  }
  for (const [n, r] of Object.entries(rows)) { r.sort((a, b) => a - b); console.log(n, 'min', r[0]!.toFixed(2), 'median', r[15]!.toFixed(2)); }
});
