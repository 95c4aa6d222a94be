import { isAscii, isUtf8 } from 'node:buffer';
import type { Encoding } from '../encoding.ts';

/**
 * `broken` says why the bytes are not in the encoding; bytes that have no character are then U+FFFD. `doubt` says why its letters beyond
 * ASCII are probably other ones.
 */
export type DecodedRow = {
  readonly text: string;
  readonly encoding: Encoding;
  readonly broken?: string;
  readonly doubt?: string;
};

/** Decodes the bytes of a row in its declared encoding. Without one, a row is UTF-8 or, if it is not, Windows-1252. */
export const decodeRow = (bytes: Buffer, declared: Encoding | undefined): DecodedRow => {
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), encoding: declared ?? 'utf-8' };
  // Rows of UTF-16 files arrive converted.
  if (declared === undefined || declared.startsWith('utf-')) {
    const text = bytes.toString('utf8');
    if (isUtf8(bytes)) return { text, encoding: declared ?? 'utf-8' };
    if (declared !== undefined)
      return { text, encoding: declared, broken: `the row has bytes that are not ${declared}` };
    if (hasUtf8Sequences.test(text))
      return { text, encoding: 'utf-8', broken: 'the row mixes UTF-8 and another encoding' };
  }
  const decoded = decodeSingleOrMultiByte(bytes, declared ?? 'windows-1252');
  if (decoded.broken !== undefined) return decoded;
  if (declared === undefined) return doubtGuess(decoded);
  return isProbablyUtf8(bytes, declared)
    ? { ...decoded, doubt: `the row is UTF-8, and not ${declared} as declared` }
    : decoded;
};

/**
 * Whether a row that is declared otherwise is UTF-8. The letters of a multi-byte encoding may happen to be UTF-8, and so may two letters
 * of a single-byte encoding, such as ŮŽ in Windows-1250. In Windows-1252 the second one would be a sign.
 */
const isProbablyUtf8 = (bytes: Buffer, declared: Encoding): boolean =>
  isUtf8(bytes) && !multiByte.includes(declared) && (declared === 'windows-1252' || hasTwoOther.test(bytes.toString()));
const multiByte = ['gbk', 'gb18030', 'big5', 'euc-jp', 'euc-kr', 'shift_jis'];
const hasTwoOther = /\P{ASCII}.*\P{ASCII}/su;

/**
 * What letters of Windows-1250, Mac and DOS files become in Windows-1252: signs inside or next to a word, or a capital after a small
 * letter. `m³` and `¿Qué?` are words. Words of Cyrillic, Greek, Hebrew and Arabic files become rows of letters with accents.
 */
const misread = new RegExp(
  [
    String.raw`[£¤¥¦¬¯¸¼½¾³¹€]\p{L}`,
    String.raw`\p{L}[£¤¥¦¬¯¸¼¾¡¿‚„‰‹•†‡¢€]`,
    String.raw`\p{L}{2}[³¹]`,
    String.raw`\p{L}[ˆ˜™“”]\p{L}`,
    String.raw`\p{Ll}[ŠŒŽŸ]`,
    '[À-ÖØ-öø-ÿ]{4}',
    String.raw`(?<!\p{L})[À-ÖØ-öø-ÿ]{3,}(?!\p{L})`,
  ].join('|'),
  'u',
);

const doubtGuess = (decoded: DecodedRow): DecodedRow => {
  const [word] = misread.exec(decoded.text) ?? [];
  if (word === undefined) return decoded;
  const doubt = `the row is not UTF-8, and as windows-1252 it would contain ${word}: declare its encoding`;
  return { ...decoded, doubt };
};

const hasUtf8Sequences = /[^\0-\x7f\ufffd]/;

/** Node decodes bytes without a character as control or private characters, which no row has for another reason. */
const unassigned = /[\x80-\x84\x86-\x9f\ue000-\uf8ff\ufffd]/;

const decodeSingleOrMultiByte = (bytes: Buffer, encoding: Encoding): DecodedRow => {
  const text = encoding === 'windows-1252' ? decodeWindows1252(bytes) : decoderOf(encoding).decode(bytes);
  return unassigned.test(text)
    ? { text, encoding, broken: `the row has bytes that are not ${encoding}` }
    : { text, encoding };
};

/** The characters 0x80 to 0x9f, where it differs from Latin-1. Node's own decoder confuses the two (nodejs/node#60888). */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const decodeWindows1252 = (bytes: Buffer): string =>
  bytes.toString('latin1').replace(/[\x80-\x9f]/g, (character) => windows1252.charAt(character.charCodeAt(0) - 0x80));

const decoders = new Map<Encoding, TextDecoder>();
const decoderOf = (encoding: Encoding): TextDecoder => {
  const decoder = decoders.get(encoding) ?? new TextDecoder(encoding);
  decoders.set(encoding, decoder);
  return decoder;
};
