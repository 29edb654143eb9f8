/** Aligned columns of text for the terminal. */

/** A column: its title, and how many characters it is wide. */
export type Column = {
  readonly title: string;
  readonly width: number;
};

/** What a cell may hold; numbers go to the right of their column, text to the left. */
export type Cell = string | number;

/** The two lines above a table whose rows are printed one by one, as they come. */
export function tableHead(columns: readonly Column[]): string {
  const titles = tableRow(
    columns,
    columns.map((column) => column.title),
  );
  return `${titles}\n${columns.map((column) => '─'.repeat(column.width)).join('  ')}`;
}

/** One row of a table. A cell wider than its column is printed in full. */
export function tableRow(columns: readonly Column[], cells: readonly Cell[]): string {
  const padded = columns.map(({ width }, i) => {
    const cell = cells[i] ?? '';
    return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
  });
  return padded.join('  ').trimEnd();
}

/** A whole table, each column as wide as its widest cell. */
export function textTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const columns = titles.map((title, i) => ({
    title,
    width: Math.max(title.length, ...rows.map((row) => String(row[i] ?? '').length)),
  }));
  return [tableHead(columns), ...rows.map((row) => tableRow(columns, row))].join('\n');
}
