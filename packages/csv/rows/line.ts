/** A line: from `start` to its line end at `end`. `next` is the start of the next line, undefined if its line end has not arrived. */
export type Line = { readonly start: number; readonly end: number; readonly next: number | undefined };

/**
 * Creates a search for lines from ascending indexes. A line ends with CR LF, LF or CR.
 * @param isLast no more text follows, so that a CR at the end is a line end
 */
export const createLineFinder = (text: string, isLast: boolean): ((start: number) => Line) => {
  const nextLineFeed = createFinder(text, '\n');
  const nextReturn = createFinder(text, '\r');
  return (start) => {
    const end = Math.min(nextLineFeed(start), nextReturn(start), text.length);
    return { start, end, next: findNextLine(text, end, isLast) };
  };
};

/** @returns the index after the line end at `end`; undefined if there is none, or if its second character may follow */
export const findNextLine = (text: string, end: number, isLast: boolean): number | undefined => {
  if (text[end] === '\n') return end + 1;
  if (text[end] !== '\r' || (end + 1 === text.length && !isLast)) return undefined;
  return text[end + 1] === '\n' ? end + 2 : end + 1;
};

/** Counts the line ends of a text: CR LF, LF and CR. */
export const countLineEnds = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1)) if (text[at + 1] !== '\n') count++;
  return count;
};

/** Creates a search for the next index of a character from ascending indexes, which scans the text once. */
export const createFinder = (text: string, character: string) => {
  let found = -1;
  return (from: number): number => {
    if (found < from) found = text.indexOf(character, from);
    if (found < 0) found = Number.POSITIVE_INFINITY;
    return found;
  };
};
