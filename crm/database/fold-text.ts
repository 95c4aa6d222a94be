/** Letters that Unicode does not take apart. */
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
 * Text as people look for it: without regard to case, accents and apostrophes; spaces, hyphens and commas are all one
 * space. Other scripts keep their letters. Compared byte by byte, so every database finds and sorts it alike.
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
