import { paint, type CliIo } from './io.ts';

/** Columns under a bold head; words to the left, numbers to the right. @param leftColumns how many columns are words */
export function textTable(io: CliIo, head: readonly string[], rows: readonly (readonly string[])[], leftColumns = 1): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, column) => (column < leftColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return [paint(io, 'bold', line(head)), ...rows.map(line)];
}
