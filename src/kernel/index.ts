/** The hot loops, in WebAssembly where there is any and in plain TypeScript elsewhere. Internal. */
export { type AliasTable, drawAliasInto } from './alias.ts';
export { type GaussianTable, gaussianInto } from './gaussian.ts';
export { walshHadamard } from './hadamard.ts';
export { keystreamTile } from './keystream.ts';
export {
  BENCH_BLOCKS,
  hideBlock,
  type LatticeBench,
  type LatticeCode,
  openBlock,
  RING_WINDOW,
  ringPolynomial,
  ringValues,
  setCode,
  withLatticeBench,
} from './lattice.ts';
export { type Measures, measure, scaleInto, sumOfSquares } from './norms.ts';
export { packWords, unpackAddWords, unpackWords } from './packing.ts';
export {
  addResidues,
  checkResidues,
  type Found,
  narrowResidues,
  type WirePrime,
  widenResidues,
} from './residues.ts';
export { RING_DEGREE, RING_PRIMES } from './ring-tables.ts';
export {
  dequantiseInto,
  quantiseDrawingInto,
  quantiseInto,
  type Reals,
  type Scaling,
} from './rounding.ts';
export { kernelPath, residentTables, residentVectors } from './wasm.ts';
export {
  addWordsInto,
  combineTile,
  overCopiedTiles,
  overTiles,
  subtractWordsInto,
  TILE,
  type Tile,
} from './words.ts';
