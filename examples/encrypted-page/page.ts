/** The page: a person draws, sends, and sees how far it is and what came out. It encrypts nothing itself. */
import type { Outcome } from './client.ts';
import { BLACK, LENGTH, SIDE } from './drawing.ts';
import type { Report, Task } from './encrypt-worker.ts';

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;

const drawing = element<HTMLCanvasElement>('drawing');
const send = element<HTMLButtonElement>('send');
const progress = element<HTMLProgressElement>('progress');
const status = element('status');

const penOf = (canvas: HTMLCanvasElement): CanvasRenderingContext2D =>
  canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;

const pen = penOf(drawing);
pen.lineWidth = 24;
pen.lineCap = 'round';

drawing.addEventListener('pointerdown', (event) => {
  drawing.setPointerCapture(event.pointerId);
  pen.beginPath();
  line(event);
});
drawing.addEventListener('pointermove', (event) => {
  if (event.buttons !== 0) line(event);
});

function line({ offsetX, offsetY }: PointerEvent): void {
  pen.lineTo(offsetX, offsetY);
  pen.stroke();
}

/** How much ink is on each pixel. */
function inkOf(canvas: HTMLCanvasElement): Uint8Array {
  const { data } = penOf(canvas).getImageData(0, 0, SIDE, SIDE);
  return Uint8Array.from({ length: LENGTH }, (_, i) => data[4 * i + 3] as number);
}

/** Draws a sum, the darkest place black. */
function show({ sums }: Outcome): void {
  const picture = new ImageData(SIDE, SIDE);
  const most = sums.reduce((a, b) => Math.max(a, b), 1);
  for (const [i, sum] of sums.entries()) picture.data[4 * i + 3] = (BLACK * sum) / most;
  penOf(element('sum')).putImageData(picture, 0, 0);
}

send.addEventListener('click', () => {
  send.disabled = true;
  const worker = new Worker(new URL('./encrypt-worker.ts', import.meta.url), { type: 'module' });
  const end = (text: string): void => {
    status.textContent = text;
    worker.terminate();
  };
  worker.onerror = (event) => end(`It failed: ${event.message}`);
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if ('told' in data) {
      status.textContent = data.told.text;
      progress.value = data.told.share;
    } else if ('outcome' in data) {
      show(data.outcome);
      end(`Done: the sum of ${data.outcome.contributors.length} drawings.`);
    } else {
      end(`It failed: ${data.error}`);
    }
  };
  const task: Task = { values: inkOf(drawing) };
  worker.postMessage(task);
});
