import { describe, expect, test } from 'vitest';
import { accuracyPlot } from '../../examples/digits/plot.ts';
import { tableHead, tableRow, textTable } from '../../examples/digits/table.ts';

const curves = [
  { name: 'plain <FedAvg> & friends', points: [0.1, 0.5, 0.75, 0.9] },
  { name: 'veilsum', points: [0.1, 0.4, 0.7, 0.885] },
];

/** Walks the tags of an XML text; throws if they do not nest, or if markup is left unescaped. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-z]+)((?:\s+[\w:-]+="(?:[^"<&]|&(?:amp|lt|gt|quot);)*")*)\s*(\/?)>/g,
    (_, closing: string, name: string, _attributes: string, alone: string) => {
      if (closing === '/') {
        if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
        return '';
      }
      seen.push(name);
      if (alone === '') open.push(name);
      return '';
    },
  );
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is never closed`);
  const stray = rest.replace(/&(?:amp|lt|gt|quot);/g, '').match(/[<>&]/);
  if (stray !== null) throw new Error(`stray ${stray[0]}`);
  return seen;
}

/** The corners of each curve, in pixels. */
function polylines(svg: string): number[][][] {
  return [...svg.matchAll(/<polyline[^>]* points="([^"]*)"/g)].map((match) =>
    (match[1] as string).split(' ').map((corner) => corner.split(',').map(Number)),
  );
}

describe('the plot', () => {
  test('is well-formed XML that needs nothing from elsewhere', () => {
    const svg = accuracyPlot(curves, 'Accuracy "per" round < 100 % & more');
    expect(tagsOf(svg)[0]).toBe('svg');
    expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
    expect(svg.match(/href|url\(|@import|<script/)).toBeNull();
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('draws both curves where their numbers are', () => {
    const drawn = polylines(accuracyPlot(curves, 'two'));
    expect(drawn.length).toBe(2);
    for (const [i, corners] of drawn.entries()) {
      const points = curves[i]?.points as readonly number[];
      expect(corners.length).toBe(points.length);
      const [x0, y0] = corners[0] as [number, number];
      const [xEnd, yEnd] = corners.at(-1) as [number, number];
      const pixelsPerUnit = (y0 - yEnd) / ((points.at(-1) as number) - (points[0] as number));
      for (const [round, [x, y]] of (corners as [number, number][]).entries()) {
        expect(Math.abs(x - (x0 + ((xEnd - x0) * round) / 3))).toBeLessThan(0.11);
        expect(Math.abs(y - (y0 - pixelsPerUnit * ((points[round] as number) - 0.1)))).toBeLessThan(
          0.2,
        );
      }
    }
    const ends = drawn.map((corners) => corners.at(-1)?.[1] as number);
    expect(ends[0] as number).toBeLessThan(ends[1] as number); // 90 % lies above 88.5 %
  });

  test('names both curves, their ends and the axes', () => {
    const svg = accuracyPlot(curves, 'two');
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);
    expect(texts).toEqual(
      expect.arrayContaining([
        'two',
        'plain &lt;FedAvg&gt; &amp; friends: 90.0 %',
        'veilsum: 88.5 %',
        'test accuracy',
        'round',
        '0 %',
        '60 %',
        '100 %',
        '3',
      ]),
    );
  });

  test('draws an earlier curve thicker, so that an equal later one does not hide it', () => {
    const same = accuracyPlot(
      [0, 1].map((i) => ({ name: `curve ${i}`, points: [0.2, 0.8] })),
      'same',
    );
    const widths = [...same.matchAll(/<polyline[^>]* stroke-width="(\d+)"/g)].map((m) =>
      Number(m[1]),
    );
    expect(widths[0] as number).toBeGreaterThan(widths[1] as number);
  });

  test('bears an empty plot, a single point and many rounds', () => {
    const long = Array.from({ length: 101 }, (_, i) => i / 100);
    for (const points of [[], [0.5], long]) {
      const svg = accuracyPlot([{ name: 'a', points }], 't');
      expect(tagsOf(svg)).toContain('polyline');
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

describe('the table', () => {
  test('aligns numbers to the right and text to the left', () => {
    expect(
      textTable(
        ['round', 'who'],
        [
          [1, 'alice'],
          [12, 'bob'],
        ],
      ),
    ).toBe(['round  who', '─────  ─────', '    1  alice', '   12  bob'].join('\n'));
  });

  test('prints row by row under one head', () => {
    const columns = [
      { title: 'n', width: 3 },
      { title: 'accuracy', width: 8 },
    ];
    expect(tableHead(columns)).toBe('n    accuracy\n───  ────────');
    expect(tableRow(columns, [7, '88.1 %'])).toBe('  7  88.1 %');
    expect(tableRow(columns, [7])).toBe('  7');
  });
});
