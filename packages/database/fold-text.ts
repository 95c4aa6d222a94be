/** Letters that Unicode normalisation (NFKD) does not decompose. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/**
 * Folds a text for search: lower case, without accents and apostrophes; each run of spaces, hyphens and commas becomes one
 * space. Letters of other scripts stay. Databases compare the result byte by byte, so all of them find and sort alike.
 */
export const foldText = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[ßæœøłđðþı]/g, (letter) => plainLetters[letter] ?? letter)
    .replaceAll(/['’‘ʼ`´]/g, '')
    .replaceAll(/[\s\p{Pd},]+/gu, ' ')
    .trimStart();
