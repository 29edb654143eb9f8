/** Small pictures on canvases: one number a pixel, as more or less of one colour over the paper. */
import { LENGTH, SIDE } from './drawing.ts';

/** Red, green and blue; readable on light paper and on dark. */
export type Colour = readonly [red: number, green: number, blue: number];

export const INK: Colour = [109, 94, 246];
export const STATIC: Colour = [120, 130, 150];

/** Paints values from 0 to 1; what is beyond is cut. */
export function paint(canvas: HTMLCanvasElement, values: ArrayLike<number>, colour: Colour): void {
  const picture = new ImageData(SIDE, SIDE);
  for (let i = 0; i < LENGTH; i++) {
    picture.data.set(colour, 4 * i);
    picture.data[4 * i + 3] = Math.round(255 * Math.max(0, Math.min(1, values[i] ?? 0)));
  }
  canvas.getContext('2d')?.putImageData(picture, 0, 0);
}

/** Each pixel with its neighbours, near ones counted more. What was released may be treated as one likes. */
export function smoothed(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(LENGTH);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let sum = 0;
      let weights = 0;
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const [atX, atY] = [x + dx, y + dy];
          if (atX < 0 || atY < 0 || atX >= SIDE || atY >= SIDE) continue;
          const weight = (2 - Math.abs(dx)) * (2 - Math.abs(dy));
          sum += weight * (values[atY * SIDE + atX] as number);
          weights += weight;
        }
      }
      out[y * SIDE + x] = sum / weights;
    }
  }
  return out;
}

/** Values with their greatest as 1. */
export function scaled(values: ArrayLike<number>): Float64Array {
  let most = 1;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i] as number);
  return Float64Array.from(values, (value) => value / most);
}
