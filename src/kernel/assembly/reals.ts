// Real numbers in memory, doubles or floats (`single`), as doubles: floats become doubles exactly.

/** Elements i and i + 1. */
@inline export function pair(from: usize, single: bool): v128 {
  return single ? f64x2.promote_low_f32x4(v128.load_zero<u64>(from)) : v128.load(from);
}

/** Element i. */
@inline export function one(from: usize, single: bool): f64 {
  return single ? (load<f32>(from) as f64) : load<f64>(from);
}

/** The distance of two elements in bytes. */
@inline export function strideOf(single: bool): usize {
  return single ? 4 : 8;
}
