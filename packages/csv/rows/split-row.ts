/** The cells of one row; `end` is the index after its last character, before the line end. */
export type SplitRow = { cells: string[]; end: number };

/**
 * Splits the row that begins at `start`. Quoted cells may contain line breaks and doubled quotes.
 * @returns `open` if the text ends inside quotes, `malformed` if there is text after a closing quote
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

/** A quote inside an unquoted cell is an ordinary character. */
const readPlainCell = (text: string, start: number, delimiter: string): Cell => {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end++;
  return { value: text.slice(start, end).trim(), end };
};

/** Skips blanks and carriage returns around quotes. */
const skipBlanks = (text: string, start: number, delimiter: string): number => {
  let at = start;
  while ((text[at] === ' ' || text[at] === '\r' || text[at] === '\t') && text[at] !== delimiter) at++;
  return at;
};

const delimiters = [',', ';', '\t', '|'];

/** Returns the most frequent delimiter of a header; a comma if it has none. */
export const detectDelimiter = (header: string): string => {
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (delimiter: string) => bare.split(delimiter).length;
  return delimiters.reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
};
