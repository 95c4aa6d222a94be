/**
 * The encodings that a file can be declared to have, by their WHATWG names. ISO-2022-JP is not one of them, because its bytes
 * for quotes and delimiters are also parts of letters.
 */
export const encodingNames = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  ...Array.from({ length: 9 }, (_, index) => `windows-${1250 + index}`),
  ...[2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15].map((part) => `iso-8859-${part}`),
  ...['windows-874', 'koi8-r', 'koi8-u', 'macintosh', 'x-mac-cyrillic', 'ibm866'],
  ...['gbk', 'gb18030', 'big5', 'euc-jp', 'euc-kr', 'shift_jis'],
] as const;

export type Encoding = string;

/** WHATWG reads these labels as Windows-1252. UTF-8 has the same 128 characters, and takes no other byte for a letter. */
const asciiLabels = ['ascii', 'us-ascii', 'ansi_x3.4-1968', 'iso646-us'];

/**
 * @param label a WHATWG label, such as `cp1250` or `latin1`; other programs write it with other separators: `Windows 1250`, `latin-1`
 * @returns the encoding; undefined if it is unknown or not supported
 */
export const findEncoding = (label: string): Encoding | undefined => {
  const name = label.trim().toLowerCase();
  if (asciiLabels.includes(name)) return 'utf-8';
  const spellings = [name, name.replaceAll(/[\s_]+/g, '-'), name.replaceAll(/[\s_-]+/g, '')];
  const encoding = spellings.map(findByLabel).find((found) => found !== undefined);
  return encoding !== undefined && encodingNames.includes(encoding) ? encoding : undefined;
};

const findByLabel = (label: string): Encoding | undefined => {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
};

/** Whether an encoding has a byte order mark. */
export const isUnicode = (encoding: Encoding | undefined): boolean =>
  encoding === undefined || encoding.startsWith('utf-');
