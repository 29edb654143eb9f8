/** The hot loops, in WebAssembly where there is any and in plain TypeScript elsewhere. Internal. */
export { keystreamTile } from './keystream.ts';
export { packWords, unpackAddWords, unpackWords } from './packing.ts';
export { kernelPath, residentVectors } from './wasm.ts';
export {
  addWordsInto,
  combineTile,
  overTiles,
  subtractWordsInto,
  TILE,
  type Tile,
} from './words.ts';
