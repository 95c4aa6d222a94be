/** One line of CSV with its line end. */
export const formatCsvLine = (cells: readonly string[]): string => `${cells.map(quote).join(',')}\r\n`;

const quote = (cell: string): string => (/[",;\t|\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
