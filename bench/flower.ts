/** What Flower's SecAgg+ took for the same; see README.md. */

/** Where the figures come from. */
export const FLOWER_SOURCE: string =
  "Flower's SecAgg+, its own Python code with the transport stubbed; measured on another day";

/** Milliseconds by record name. */
export const FLOWER: readonly (readonly [string, number])[] = [
  ['secagg/client/mask/k=20,d=100000', 39],
  ['secagg/client/mask/k=50,d=100000', 61],
  ['secagg/client/mask/k=100,d=100000', 191],
  ['secagg/client/mask/k=20,d=1000000', 198],
  ['secagg/client/mask/k=50,d=1000000', 277],
  ['secagg/client/mask/k=100,d=1000000', 797],
  ['secagg/client/share/k=20', 109],
  ['secagg/client/share/k=50', 500],
  ['secagg/client/share/k=100', 1730],
  ['secagg/coordinator/unmask/n=50,k=21,d=100000', 5000],
  ['secagg/coordinator/unmask/n=50,k=21,d=1000000', 8300],
  ['secagg/coordinator/unmask/n=100,k=51,d=100000', 34_000],
  ['secagg/coordinator/unmask/n=100,k=51,d=1000000', 49_000],
  ['secagg/coordinator/unmask/n=500,k=51,d=100000', 147_000],
  ['secagg/coordinator/unmask/n=500,k=51,d=1000000', 159_000],
];
