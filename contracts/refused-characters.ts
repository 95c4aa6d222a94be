/** Characters that no text may contain, because a reader does not see them, or sees another text than the one that is stored. */
const refused =
  /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800\ufff9-\ufffd]/u;

const joiningScripts =
  'Arab Syrc Nkoo Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Mymr Khmr Thaa Cham Java Bali'
    .split(' ')
    .map((script) => String.raw`\p{scx=${script}}`)
    .join('');
const joiningLetter = String.raw`(?=\p{L})[${joiningScripts}]`;
const joiningMark = String.raw`(?=\p{M})[${joiningScripts}]`;
const picture = String.raw`\p{Extended_Pictographic}`;

/**
 * Invisible characters that are part of the spelling: joiners in the scripts that use them, variants of Han and Mongolian
 * letters, and the parts of an emoji. A joiner at the end of a word must follow a mark, as in Malayalam.
 */
const spelling = new RegExp(
  [
    String.raw`(?<=${joiningLetter}|${joiningMark})[\u200c\u200d](?=${joiningLetter})`,
    String.raw`(?<=${joiningMark})\u200d`,
    String.raw`(?<=\p{sc=Han})[\ufe00-\ufe02\u{e0100}-\u{e01ef}]`,
    String.raw`(?<=\p{sc=Mong})[\u180b-\u180d\u180f]`,
    String.raw`(?<=[\u2801-\u28ff]\u2800*)\u2800`,
    String.raw`(?<=${picture}|[0-9#*](?=\ufe0f\u20e3))[\ufe0e\ufe0f]`,
    String.raw`(?<=${picture}\ufe0f?|\p{Emoji_Modifier})\u200d(?=${picture})`,
  ].join('|'),
  'gu',
);

/** U+2800 is a blank of Braille. A character that this version of Unicode does not have may be a letter of a later one. */
const isVisible = (text: string): boolean =>
  /[^\p{M}\p{Z}\p{C}]|\p{Cn}/u.test(text.replaceAll(/[\u2800\p{Default_Ignorable_Code_Point}]/gu, ''));

/** @returns the first character that the text may not contain, such as "U+202E RIGHT-TO-LEFT OVERRIDE"; undefined if there is none */
export const findRefusedCharacter = (text: string): string | undefined => {
  const [character] = (refused.test(text) && refused.exec(text.replaceAll(spelling, ''))) || [];
  if (character !== undefined) return nameCharacter(character);
  const [first] = text.trim();
  return first === undefined || isVisible(text) ? undefined : nameCharacter(first);
};

/** The text for a terminal or a message: each character that a text may not contain is shown as its code, such as <U+202E>. */
export const revealCharacters = (text: string): string =>
  findRefusedCharacter(text) === undefined
    ? text
    : text.replaceAll(new RegExp(refused, 'gu'), (character) => `<U+${codeOf(character)}>`);

const codeOf = (character: string): string =>
  (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');

const nameCharacter = (character: string): string => {
  const code = codeOf(character);
  return `U+${code} ${names[code] ?? kinds.find(([pattern]) => pattern.test(character))?.[1]}`;
};

const kinds: readonly (readonly [RegExp, string])[] = [
  [/\p{Cc}/u, 'CONTROL CHARACTER'],
  [/\p{Cs}/u, 'HALF OF A SURROGATE PAIR'],
  [/\p{Co}/u, 'PRIVATE USE CHARACTER'],
  [/\p{Noncharacter_Code_Point}/u, 'NONCHARACTER'],
  [/[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u, 'VARIATION SELECTOR'],
  [/[\u{e0000}-\u{e007f}]/u, 'TAG CHARACTER'],
  [/\p{M}/u, 'COMBINING MARK'],
  [/./su, 'INVISIBLE CHARACTER'],
];

/** The Unicode names of characters that are pasted by mistake, or that attackers use. JavaScript does not have these names. */
const names: Readonly<Record<string, string>> = {
  '0000': 'NULL',
  '0008': 'BACKSPACE',
  '0009': 'TAB',
  '000A': 'LINE FEED',
  '000B': 'LINE TABULATION',
  '000C': 'FORM FEED',
  '000D': 'CARRIAGE RETURN',
  '001A': 'SUBSTITUTE (CTRL-Z)',
  '001B': 'ESCAPE',
  '007F': 'DELETE',
  '0085': 'NEXT LINE',
  '00AD': 'SOFT HYPHEN',
  '034F': 'COMBINING GRAPHEME JOINER',
  '061C': 'ARABIC LETTER MARK',
  '115F': 'HANGUL CHOSEONG FILLER',
  '1160': 'HANGUL JUNGSEONG FILLER',
  '17B4': 'KHMER VOWEL INHERENT AQ',
  '17B5': 'KHMER VOWEL INHERENT AA',
  '180B': 'MONGOLIAN FREE VARIATION SELECTOR ONE',
  '180C': 'MONGOLIAN FREE VARIATION SELECTOR TWO',
  '180D': 'MONGOLIAN FREE VARIATION SELECTOR THREE',
  '180E': 'MONGOLIAN VOWEL SEPARATOR',
  '180F': 'MONGOLIAN FREE VARIATION SELECTOR FOUR',
  '200B': 'ZERO WIDTH SPACE',
  '200C': 'ZERO WIDTH NON-JOINER',
  '200D': 'ZERO WIDTH JOINER',
  '200E': 'LEFT-TO-RIGHT MARK',
  '200F': 'RIGHT-TO-LEFT MARK',
  '2028': 'LINE SEPARATOR',
  '2029': 'PARAGRAPH SEPARATOR',
  '202A': 'LEFT-TO-RIGHT EMBEDDING',
  '202B': 'RIGHT-TO-LEFT EMBEDDING',
  '202C': 'POP DIRECTIONAL FORMATTING',
  '202D': 'LEFT-TO-RIGHT OVERRIDE',
  '202E': 'RIGHT-TO-LEFT OVERRIDE',
  '2060': 'WORD JOINER',
  '2061': 'FUNCTION APPLICATION',
  '2062': 'INVISIBLE TIMES',
  '2063': 'INVISIBLE SEPARATOR',
  '2064': 'INVISIBLE PLUS',
  '2066': 'LEFT-TO-RIGHT ISOLATE',
  '2067': 'RIGHT-TO-LEFT ISOLATE',
  '2068': 'FIRST STRONG ISOLATE',
  '2069': 'POP DIRECTIONAL ISOLATE',
  '206A': 'INHIBIT SYMMETRIC SWAPPING',
  '206B': 'ACTIVATE SYMMETRIC SWAPPING',
  '206C': 'INHIBIT ARABIC FORM SHAPING',
  '206D': 'ACTIVATE ARABIC FORM SHAPING',
  '206E': 'NATIONAL DIGIT SHAPES',
  '206F': 'NOMINAL DIGIT SHAPES',
  '2800': 'BRAILLE PATTERN BLANK',
  '3164': 'HANGUL FILLER',
  FEFF: 'ZERO WIDTH NO-BREAK SPACE',
  FFA0: 'HALFWIDTH HANGUL FILLER',
  FFF9: 'INTERLINEAR ANNOTATION ANCHOR',
  FFFA: 'INTERLINEAR ANNOTATION SEPARATOR',
  FFFB: 'INTERLINEAR ANNOTATION TERMINATOR',
  FFFC: 'OBJECT REPLACEMENT CHARACTER',
  FFFD: 'REPLACEMENT CHARACTER, in place of a character that was lost',
};
