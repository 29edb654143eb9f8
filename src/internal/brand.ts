/** Nominal types: a `Brand<string, 'ClientId'>` is a string that only its own maker hands out. */

declare const brand: unique symbol;

/** `T` with a compile-time name; no cost at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
