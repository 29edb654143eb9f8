/** Lines and numbers for people at a terminal. */

/** A whole number with its thousands apart. */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en');

/** A share in [0, 1] as a percentage. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Shows what is going on, on a line that the next one overwrites; says nothing to a file or pipe. */
export function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
}

/** Prints lines that stay. */
export function say(text: string): void {
  progress('');
  console.log(text);
}
