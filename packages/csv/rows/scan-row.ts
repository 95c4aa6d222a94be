/** `filled` is the number of cells up to the last one that is not empty; `end` is the index of the line end. */
export type ScannedRow = { readonly cells: number; readonly filled: number; readonly end: number };

/**
 * Finds the end of the row that begins at `start`, and counts its cells. Quoted cells may contain line breaks and doubled quotes.
 * @returns `open` if the text ends inside quotes, `malformed` if there is text after a closing quote
 */
export const scanRow = (text: string, start: number, delimiter: string): ScannedRow | 'open' | 'malformed' => {
  let filled = 0;
  for (let at = start, cells = 1; ; at++, cells++) {
    const begin = skipBlanks(text, at, delimiter);
    const quoteEnd = text[begin] === '"' ? findClosingQuote(text, begin) : undefined;
    if (quoteEnd === 'open') return 'open';
    at = quoteEnd === undefined ? findCellEnd(text, begin, delimiter) : skipBlanks(text, quoteEnd + 1, delimiter);
    if (at > begin) filled = cells;
    if (at >= text.length || isLineEnd(text[at])) return { cells, filled, end: at };
    if (text[at] !== delimiter) return 'malformed';
  }
};

const findClosingQuote = (text: string, opening: number): number | 'open' => {
  for (let from = opening + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return 'open';
    if (text[quote + 1] !== '"') return quote;
    from = quote + 2;
  }
};

/** A quote inside an unquoted cell is an ordinary character. */
const findCellEnd = (text: string, start: number, delimiter: string): number => {
  let end = start;
  while (end < text.length && text[end] !== delimiter && !isLineEnd(text[end])) end++;
  return end;
};

const isLineEnd = (character: string | undefined) => character === '\n' || character === '\r';

/** Skips blanks around quotes, including a no-break space in UTF-8 or Windows-1252. */
const skipBlanks = (text: string, start: number, delimiter: string): number => {
  let at = start;
  while (isBlank(text, at) && text[at] !== delimiter) at++;
  return at;
};

const isBlank = (text: string, at: number): boolean => {
  const character = text[at];
  return (
    character === ' ' || character === '\t' || character === '\xa0' || (character === '\xc2' && text[at + 1] === '\xa0')
  );
};

const delimiters = [',', ';', '\t', '|'];

/** Returns the most frequent delimiter of a header; a comma if it has none. */
export const detectDelimiter = (header: string): string => {
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (delimiter: string) => bare.split(delimiter).length;
  return delimiters.reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
};
