import { describe, expect, it } from 'vitest';
import { maxRowBytes } from './csv-row.ts';
import { findRowEnd } from './row-end.ts';

const header = { delimiter: ',', width: 2 };
const long = 'y'.repeat(maxRowBytes);
const never = 'a quote is opened and never closed';
const misplaced = 'a quote is opened and not closed where it should be';
const textAfterQuote = 'there is text after a closing quote';

type Case = { of: string; text: string; isLast?: boolean; end: 'line' | 'more' | number; broken?: string };

const cases: Case[] = [
  { of: 'a row on one line', text: '1,"2"\n3', end: 'line' },
  { of: 'the same with other cells than the header', text: '"1"\n3', end: 'line' },
  { of: 'text after a closing quote', text: '"1"x,2\n3', end: 'line', broken: textAfterQuote },
  { of: 'a quote that is still open', text: '1,"2\n3', end: 'more' },
  { of: 'the same at the end of the file', text: '1,"2\n3', isLast: true, end: 'line', broken: never },
  { of: 'the same in more text than a row may have', text: `1,"2\n${long}`, end: 'line', broken: never },
  { of: 'a quote that may be doubled by what comes', text: '1,"2\n"', end: 'more' },
  { of: 'the same at the end of the file', text: '1,"2\n"', isLast: true, end: 6 },
  { of: 'a cell of two lines', text: '1,"2\n3"\n4', end: 7 },
  { of: 'a quote that swallows lines, and so cells', text: '1,"2\n3,"4",5\n', end: 'line', broken: textAfterQuote },
  { of: 'lines that make other cells than the header', text: '"1\n2"\n3', end: 'line', broken: misplaced },
  { of: 'the header’s cells, longer than a row may be', text: `1,"2\n${long}"\n3`, end: 'line', broken: misplaced },
];

describe('the end of a row with quotes', () => {
  it.each(cases)('is right for $of: $end, $broken', ({ text, isLast = false, end, broken }) => {
    const lineEnd = text.indexOf('\n');
    const found = findRowEnd(text, { start: 0, end: lineEnd, isLast }, header);
    const expected = end === 'line' ? lineEnd : end;
    expect(found && { end: found.end, broken: found.broken }).toEqual(
      expected === 'more' ? undefined : { end: expected, broken },
    );
  });
});
