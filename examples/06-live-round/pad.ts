/** The drawing pad: pixels that are set or not, by pointer or by keys. */
import { CLIP, LENGTH, SIDE, sketch } from './drawing.ts';
import { INK, paint } from './pictures.ts';

/** A pad that can be read. */
export type Pad = {
  /** 0 or 1 a pixel. */
  readonly drawing: () => Float64Array;
  readonly clear: () => void;
  /** Puts the theme's picture there. */
  readonly stamp: (theme: string) => void;
  readonly lock: (isLocked: boolean) => void;
};

/** What it is made of. */
export type PadParts = {
  readonly canvas: HTMLCanvasElement;
  /** Says how much ink there is. */
  readonly ink: HTMLElement;
  /** Says where the keys are; for those who do not see it. */
  readonly said: HTMLElement;
};

const MOVES: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function openPad({ canvas, ink, said }: PadParts): Pad {
  let pixels = new Float64Array(LENGTH);
  let cursor: readonly [x: number, y: number] = [SIDE / 2, SIDE / 2];
  let pen = 1;
  let isLocked = false;
  let hasKeys = false;

  const show = (): void => {
    const shown = pixels.slice();
    const at = cursor[1] * SIDE + cursor[0];
    if (hasKeys && document.activeElement === canvas) shown[at] = pixels[at] === 1 ? 0.6 : 0.35;
    paint(canvas, shown, INK);
    const lit = pixels.reduce((sum, one) => sum + one, 0);
    const full = CLIP * CLIP;
    ink.textContent =
      lit <= full
        ? `${lit} of ${full} pixels at full strength.`
        : `${lit} pixels: all get ${Math.round((100 * CLIP) / Math.sqrt(lit))} % of full strength.`;
  };
  const put = (x: number, y: number): void => {
    if (isLocked || x < 0 || y < 0 || x >= SIDE || y >= SIDE) return;
    pixels[y * SIDE + x] = pen;
    show();
  };
  const placeOf = ({ clientX, clientY }: MouseEvent): readonly [x: number, y: number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [
      Math.floor(((clientX - left) / width) * SIDE),
      Math.floor(((clientY - top) / height) * SIDE),
    ];
  };

  let last: readonly [x: number, y: number] | undefined;
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    hasKeys = false;
    last = placeOf(event);
    pen = pixels[last[1] * SIDE + last[0]] === 1 ? 0 : 1;
    put(...last);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.buttons === 0 || last === undefined) return;
    const to = placeOf(event);
    const steps = Math.max(1, Math.abs(to[0] - last[0]), Math.abs(to[1] - last[1]));
    for (let i = 1; i <= steps; i++) {
      put(
        Math.round(last[0] + ((to[0] - last[0]) * i) / steps),
        Math.round(last[1] + ((to[1] - last[1]) * i) / steps),
      );
    }
    last = to;
  });
  canvas.addEventListener('keydown', (event) => {
    const move = MOVES[event.key];
    const inside = (value: number): number => Math.max(0, Math.min(SIDE - 1, value));
    if (move !== undefined) cursor = [inside(cursor[0] + move[0]), inside(cursor[1] + move[1])];
    else if (event.key === ' ') {
      pen = pixels[cursor[1] * SIDE + cursor[0]] === 1 ? 0 : 1;
      put(...cursor);
    } else return;
    event.preventDefault();
    hasKeys = true;
    show();
    const isSet = pixels[cursor[1] * SIDE + cursor[0]] === 1;
    said.textContent = `Row ${cursor[1] + 1}, column ${cursor[0] + 1}, ${isSet ? 'drawn' : 'empty'}`;
  });
  canvas.addEventListener('blur', show);
  show();

  return {
    drawing: () => pixels.slice(),
    clear: () => {
      if (isLocked) return;
      pixels = new Float64Array(LENGTH);
      show();
    },
    stamp: (theme) => {
      if (isLocked) return;
      pixels.set(sketch(theme, 0));
      show();
    },
    lock: (locked) => {
      isLocked = locked;
      canvas.classList.toggle('locked', locked);
    },
  };
}
