import { tidyPhone } from '../../customers/index.ts';
import { foldText } from '../../database/index.ts';

/** An invisible character must not hide a name: a row that was refused because of it is found too. */
const removeInvisible = (text: string): string => text.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');

/** The text by which rows are searched. */
export const searchText = (text: string): string => foldText(removeInvisible(text));

/** The folded text of a row, by which it is searched. */
export const textKeyOf = (cells: readonly string[]): string => searchText(cells.join(' '));

/**
 * An address, and an address with all characters that it may have before the @, which may also be those around an address. The patterns
 * limit its length, because a long malicious cell would make an unlimited one slow.
 */
const emailPatterns = [
  /[\p{L}\p{N}_][\p{L}\p{N}._%+'-]{0,63}@[\p{L}\p{N}.-]{0,253}[\p{L}\p{N}]/gu,
  /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@[\p{L}\p{N}.-]{0,253}[\p{L}\p{N}]/gu,
];

export const findEmails = (cells: readonly string[]): string[] =>
  cells.flatMap((cell) => {
    const text = removeInvisible(cell).toLowerCase();
    return emailPatterns.flatMap((pattern) => text.match(pattern) ?? []);
  });

export const findPhones = (cells: readonly string[]): string[] =>
  cells.flatMap((cell) => tidyPhone(cell).match(/\+?[0-9(][0-9 ()./-]{3,29}[0-9]/g) ?? []);

/** Whether the text has the word, and not only as a part of a longer word or number. */
export const hasWord = (text: string, word: string): boolean => {
  const wanted = searchText(word).trimEnd();
  if (wanted === '') return false;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const end = at + wanted.length;
    if (!isLetterOrDigit(text.slice(Math.max(0, at - 1), at)) && !isLetterOrDigit(text.slice(end, end + 1)))
      return true;
  }
  return false;
};

const isLetterOrDigit = (text: string) => /[\p{L}\p{N}]/u.test(text);
