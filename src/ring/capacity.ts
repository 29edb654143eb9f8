/** How large the ring must be so that a sum of all clients cannot wrap. */
import { CapacityError } from '../errors.ts';
import { assertInteger } from '../internal/assert.ts';

/** Words are 32 bits; no ring is larger. */
const MAX_BITS = 32;

/**
 * The least b, 1 to 32, with 2^b ≥ clients · (levels − 1) · maxWeight + 1 + tail: every possible sum
 * has a residue of its own, so nothing wraps silently.
 *
 * @param parameters.clients how many may contribute, 1 to 2^32 − 1
 * @param parameters.levels number of values of one input coordinate, 1 or more: 2^bits for a
 *   fixed-point code (it uses one less), `code.levels` for exact integers
 * @param parameters.maxWeight the greatest integer weight that a client multiplies its vector with
 * @param parameters.tail further residues for noise, below and above together, a whole number; with
 *   centred sums the room of `tail` is half on either side
 * @throws CapacityError `ring-overflow` if no b ≤ 32 is enough; message and `details` (`maxBits`,
 *   `maxLevels`, `maxClients`) name the largest of each that fits with the others as they are, 0
 *   where none does
 * @throws UsageError `out-of-range`
 */
export function modulusBits(parameters: {
  readonly clients: number;
  readonly levels: number;
  readonly maxWeight?: number;
  readonly tail?: number;
}): number {
  const { clients, levels, maxWeight = 1, tail = 0 } = parameters;
  assertInteger('modulusBits: clients', clients, 1, 2 ** 32 - 1);
  assertInteger('modulusBits: levels', levels, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('modulusBits: maxWeight', maxWeight, 1, 2 ** 32 - 1);
  assertInteger('modulusBits: tail', tail, 0, Number.MAX_SAFE_INTEGER);
  // A product beyond 2^53 may be rounded, but then it is beyond 2^32 by far.
  const needed = clients * (levels - 1) * maxWeight + 1 + tail;
  for (let bits = 1; bits <= MAX_BITS; bits++) if (2 ** bits >= needed) return bits;

  // What is left for the sums themselves; negative if the tail alone is too wide.
  const room = 2 ** MAX_BITS - 1 - tail;
  const maxLevels = room < 0 ? 0 : Math.floor(room / (clients * maxWeight)) + 1;
  const maxClients = room < 0 || levels === 1 ? 0 : Math.floor(room / ((levels - 1) * maxWeight));
  const maxBits = wholeBits(maxLevels);
  const fit =
    maxBits > 0
      ? `${clients} clients fit with at most ${maxBits} bits a coordinate (${maxLevels} levels)`
      : `${clients} clients do not fit with any number of bits`;
  throw new CapacityError(
    'ring-overflow',
    `modulusBits: got ${clients} clients × ${levels} levels × weight ${maxWeight} with tail ${tail}, ` +
      `expected them to fit a ring of ${MAX_BITS} bits; ${fit}, ` +
      `${levels} levels fit with at most ${maxClients} clients`,
    { clients, levels, maxWeight, tail, maxBits, maxLevels, maxClients },
  );
}

/** The largest k with 2^k ≤ n, 0 for n < 2. */
function wholeBits(n: number): number {
  let bits = 0;
  while (2 ** (bits + 1) <= n) bits++;
  return bits;
}
