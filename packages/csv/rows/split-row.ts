/** What one row of text is made of; `end` is the index behind its last character, before the line end. */
export type SplitRow = { cells: string[]; end: number };

/**
 * Splits the row that begins at `start` and may have cells in quotes, with line breaks and doubled quotes in them.
 * @returns `open` when the text ends inside quotes, `malformed` when something stands behind a closing quote
 */
export const splitQuotedRow = (text: string, start: number, delimiter: string): SplitRow | 'open' | 'malformed' => {
  const cells: string[] = [];
  for (let at = start; ; at++) {
    const quoted = readQuotedCell(text, skipBlanks(text, at, delimiter));
    if (quoted === 'open') return 'open';
    const cell = quoted ?? readPlainCell(text, at, delimiter);
    cells.push(cell.value);
    at = quoted ? skipBlanks(text, cell.end, delimiter) : cell.end;
    if (at >= text.length || text[at] === '\n') return { cells, end: Math.min(at, text.length) };
    if (text[at] !== delimiter) return 'malformed';
  }
};

type Cell = { value: string; end: number };

const readQuotedCell = (text: string, start: number): Cell | 'open' | undefined => {
  if (text[start] !== '"') return undefined;
  let value = '';
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return 'open';
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
};

/** A quote inside such a cell is a character like any other. */
const readPlainCell = (text: string, start: number, delimiter: string): Cell => {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end++;
  return { value: text.slice(start, end).trim(), end };
};

/** Blanks and the first half of a Windows line end around quotes mean nothing. */
const skipBlanks = (text: string, start: number, delimiter: string): number => {
  let at = start;
  while ((text[at] === ' ' || text[at] === '\r' || text[at] === '\t') && text[at] !== delimiter) at++;
  return at;
};

const delimiters = [',', ';', '\t', '|'];

/** The delimiter that a header has most of; a comma where it has none. */
export const detectDelimiter = (header: string): string => {
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (delimiter: string) => bare.split(delimiter).length;
  return delimiters.reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
};
