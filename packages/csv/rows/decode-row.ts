import { isAscii, isUtf8 } from 'node:buffer';

export type Encoding = 'utf-8' | 'windows-1252';

/** Where it differs from Latin-1, 0x80 to 0x9f. Node's own decoder takes the two for one (nodejs/node#60888). */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const decodeWindows1252 = (bytes: Buffer): string =>
  bytes.toString('latin1').replace(/[\x80-\x9f]/g, (character) => windows1252.charAt(character.charCodeAt(0) - 0x80));

/**
 * Reads the bytes of a row: as UTF-8 where they are that, otherwise as Windows-1252 (Latin-1 and a little more), which is
 * what a spreadsheet in Western Europe saves. A row with sequences of both kinds is ambiguous, and is `undefined`.
 */
export const decodeRow = (bytes: Buffer): { text: string; encoding: Encoding } | undefined => {
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), encoding: 'utf-8' };
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), encoding: 'utf-8' };
  const hasUtf8Sequences = /[^\0-\x7f\ufffd]/.test(bytes.toString('utf8'));
  return hasUtf8Sequences ? undefined : { text: decodeWindows1252(bytes), encoding: 'windows-1252' };
};
