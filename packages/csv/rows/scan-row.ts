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

/** Skips the white space of Unicode around quotes, whose bytes are in UTF-8 or, for a no-break space, also in Windows-1252. */
const skipBlanks = (text: string, start: number, delimiter: string): number => {
  let at = start;
  for (let length = 1; length > 0 && text[at] !== delimiter; at += length) length = measureBlank(text, at);
  return at;
};

const measureBlank = (text: string, at: number): number => {
  const character = text.charAt(at);
  if (character === ' ' || character === '\t' || character === '\xa0') return 1;
  if (character < '\xc2') return 0;
  // The rest of a blank at the end of the text may not have arrived.
  return blanksInUtf8.find((blank) => blank.startsWith(text.slice(at, at + blank.length)))?.length ?? 0;
};

const blanksInUtf8 = [
  ...'\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff',
].map((blank) => Buffer.from(blank).toString('latin1'));

const delimiters = [',', ';', '\t', '|'];

/** Returns the most frequent delimiter of a header at the beginning of the text; a comma if it has none. */
export const detectDelimiter = (text: string): string => {
  const [bare = ''] = text.replace(quotedCell, '$1').split(/[\r\n]/, 1);
  const count = (delimiter: string) => bare.split(delimiter).length;
  return delimiters.reduce((best, candidate) => (count(candidate) > count(best) ? candidate : best));
};

const quotedCell = /(^|[,;\t|])[^\S\r\n]*"(?:[^"]|"")*("|$)/g;
