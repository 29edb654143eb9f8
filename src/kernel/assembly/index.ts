// The kernel: one WebAssembly module with SIMD, on memory that it is given. It allocates nothing, holds
// no state of its own and calls nothing outside. `npm run kernel` compiles it into ../module.ts.
export { addKeystream, subtractKeystream } from './chacha20';
export { pack, unpack, unpackAdd } from './packing';
export { add, subtract } from './words';
