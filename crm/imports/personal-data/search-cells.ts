import { foldText } from '../../database/index.ts';

/** The folded text of a row, by which it is searched. */
export const textKeyOf = (cells: readonly string[]): string => foldText(cells.join(' '));

/** The pattern limits the length of an address, because a long malicious cell would make an unlimited one slow. */
export const findEmails = (cells: readonly string[]): string[] =>
  cells.flatMap(
    (cell) =>
      cell.toLowerCase().match(/[\p{L}\p{N}_][\p{L}\p{N}._%+'-]{0,63}@[\p{L}\p{N}.-]{0,253}[\p{L}\p{N}]/gu) ?? [],
  );

export const findPhones = (cells: readonly string[]): string[] =>
  cells.flatMap((cell) => cell.match(/\+?[0-9(][0-9 ()./-]{3,29}[0-9]/g) ?? []);

/** Whether the text has the word, and not only as a part of a longer word or number. */
export const hasWord = (text: string, word: string): boolean => {
  const wanted = foldText(word).trimEnd();
  if (wanted === '') return false;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (!isLetterOrDigit(text.slice(Math.max(0, at - 1), at)) && !isLetterOrDigit(text.slice(end, end + 1)))
      return true;
  }
  return false;
};

const isLetterOrDigit = (text: string) => /[\p{L}\p{N}]/u.test(text);
