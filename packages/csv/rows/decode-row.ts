import { isAscii, isUtf8 } from 'node:buffer';

export type Encoding = 'utf-8' | 'windows-1252';

/** The characters 0x80 to 0x9f, where it differs from Latin-1. Node's own decoder confuses the two (nodejs/node#60888). */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const decodeWindows1252 = (bytes: Buffer): string =>
  bytes.toString('latin1').replace(/[\x80-\x9f]/g, (character) => windows1252.charAt(character.charCodeAt(0) - 0x80));

/**
 * Decodes a row as UTF-8 if it is valid UTF-8, otherwise as Windows-1252 (a superset of Latin-1), which spreadsheets in Western
 * Europe save. @returns undefined if the row is ambiguous because it contains byte sequences of both
 */
export const decodeRow = (bytes: Buffer): { text: string; encoding: Encoding } | undefined => {
  if (isAscii(bytes)) return { text: bytes.toString('latin1'), encoding: 'utf-8' };
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), encoding: 'utf-8' };
  const hasUtf8Sequences = /[^\0-\x7f\ufffd]/.test(bytes.toString('utf8'));
  return hasUtf8Sequences ? undefined : { text: decodeWindows1252(bytes), encoding: 'windows-1252' };
};
