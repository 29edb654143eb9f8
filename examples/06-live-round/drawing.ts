/** What is summed: small drawings in one bit a pixel. Needs nothing, so that the page can be small. */

/** A drawing has so many pixels each way. */
export const SIDE = 16;

/** Coordinates of a drawing: one a pixel, line by line. */
export const LENGTH: number = SIDE * SIDE;

/** The Euclidean norm that a drawing is scaled down to; 25 full pixels have it. */
export const CLIP = 5;

const PICTURES: Readonly<Record<string, readonly string[]>> = {
  heart: [
    '..##...##..',
    '.####.####.',
    '###########',
    '###########',
    '###########',
    '.#########.',
    '..#######..',
    '...#####...',
    '....###....',
    '.....#.....',
  ],
  house: [
    '.....#.....',
    '....###....',
    '...#####...',
    '..#######..',
    '.#########.',
    '###########',
    '.#########.',
    '.###...###.',
    '.###...###.',
    '.###...###.',
  ],
  fish: [
    '...........',
    '...####...#',
    '.#######.##',
    '##.########',
    '###########',
    '##########.',
    '###########',
    '.#######.##',
    '...####...#',
    '...........',
  ],
};

/** What rounds ask people to draw, one after the other. */
export const THEMES: readonly string[] = Object.keys(PICTURES);

/**
 * The drawing of a simulated neighbour: the theme's picture, a little elsewhere for each.
 *
 * @param neighbour which one, a whole number from 0
 */
export function sketch(theme: string, neighbour: number): Float64Array {
  const rows = PICTURES[theme] ?? [];
  const right = 3 + (neighbour % 2);
  const down = 3 + (Math.floor(neighbour / 2) % 2);
  const ink = new Float64Array(LENGTH);
  for (const [y, row] of rows.entries()) {
    for (const [x, pixel] of [...row].entries()) {
      if (pixel === '#') ink[(y + down) * SIDE + x + right] = 1;
    }
  }
  return ink;
}
