// The kernel: one WebAssembly module with SIMD, on memory that it is given. It allocates nothing, holds
// no state of its own and calls nothing outside. `npm run kernel` compiles it into ../module.ts.
export { drawAlias, scanAlias } from './alias';
export { addKeystream, subtractKeystream } from './chacha20';
export { drawGaussian, settleGaussian } from './gaussian';
export { walshHadamard } from './hadamard';
export { latticeHide, latticeOpen } from './lattice';
export { addSquares, measureDoubles, measureFloats, scale } from './norms';
export * from './packing';
export { addResidues, checkResidues, narrowResidues, widenResidues } from './residues';
export { ringForward, ringUniform } from './ring';
export { dequantiseDoubles, dequantiseFloats, quantiseDoubles, quantiseFloats } from './rounding';
export { add, subtract } from './words';
