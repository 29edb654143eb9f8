/** What is summed: drawings, as long vectors of whole numbers. Shared by the page and the server. */

/** A drawing has so many pixels each way. */
export const SIDE = 320;

/** Coordinates of a vector: one a pixel, line by line. */
export const LENGTH: number = SIDE * SIDE;

/** Ink of a pixel: from 0, none, to this. */
export const BLACK = 255;

/** Neighbours that draw as well; they live in the server's process. */
export const NEIGHBOURS = 4;

/** A neighbour's drawing: a round blot, elsewhere for each. @param neighbour from 0 */
export function blot(neighbour: number): Float64Array {
  const ink = new Float64Array(LENGTH);
  const centre = SIDE * (0.3 + 0.1 * neighbour);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const away = Math.hypot(x - centre, y - SIDE / 2) / (SIDE / 4);
      ink[y * SIDE + x] = Math.round(BLACK * Math.max(0, 1 - away));
    }
  }
  return ink;
}
