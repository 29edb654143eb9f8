/** Numbers: vectors modulo 2^b, their packing, and the codes that put reals and integers there. */
export { modulusBits } from './capacity.ts';
export {
  decodeIntegerSum,
  type ExactIntegers,
  encodeIntegers,
  exactIntegers,
} from './exact-integers.ts';
export {
  type Clip,
  decodeReal,
  encodeReal,
  exactSquaredNorm,
  type FixedPoint,
  fixedPoint,
} from './fixed-point.ts';
export { walshHadamardInto } from './hadamard.ts';
export {
  assertCanonicalPacking,
  packedLength,
  packInto,
  unpackAddInto,
  unpackInto,
} from './packing.ts';
export { addInto, centre, reduceInto, subtractInto } from './vector.ts';
