import { type Encoding, isUnicode } from '../encoding.ts';

/** The bytes that rows are found in, and their encoding; undefined if it is detected row by row. */
export type ByteSource = {
  readonly encoding: Encoding | undefined;
  /** Converts UTF-16 to UTF-8, and returns other bytes unchanged. Call it without a chunk at the end. */
  readonly convert: (chunk?: Buffer) => Buffer;
};

const byteOrderMarks: readonly [Encoding, readonly number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-32', [0xff, 0xfe, 0, 0]],
  ['utf-32', [0, 0, 0xfe, 0xff]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** How many bytes `detectUnicode` and `openBytes` need. */
export const markBytes = 4;

/**
 * Detects a Unicode encoding from the first four bytes of a file. `hasMark` is false if the encoding follows from the zero
 * bytes of two ASCII characters.
 */
export const detectUnicode = (head: Buffer): { encoding: Encoding; hasMark: boolean } | undefined => {
  for (const [encoding, mark] of byteOrderMarks)
    if (mark.every((byte, index) => head[index] === byte)) return { encoding, hasMark: true };
  if (head.length < markBytes) return undefined;
  const zeros = [...head.subarray(0, markBytes)].map((byte) => (byte === 0 ? '0' : 'x')).join('');
  const encoding = { x0x0: 'utf-16le', '0x0x': 'utf-16be', x000: 'utf-32', '000x': 'utf-32' }[zeros];
  return encoding ? { encoding, hasMark: false } : undefined;
};

/**
 * Opens a file by its first bytes. Its byte order mark wins over the declared encoding. UTF-16 without a mark is detected unless
 * another encoding is declared.
 */
export const openBytes = (head: Buffer, declared?: Encoding): ByteSource => {
  const detected = detectUnicode(head);
  const isDetectedUsed = detected?.hasMark || declared === undefined || declared.startsWith('utf-16');
  const encoding = (isDetectedUsed && detected?.encoding) || declared;
  if (!encoding?.startsWith('utf-16')) {
    // An undeclared file with a mark may have rows in Windows-1252, such as those that another program appended.
    const rowEncoding = declared === undefined ? undefined : encoding;
    return { encoding: rowEncoding, convert: (chunk = Buffer.alloc(0)) => chunk };
  }
  const decoder = new TextDecoder(encoding);
  return { encoding, convert: (chunk) => Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined })) };
};

/** @returns the length of the byte order marks and of the Ctrl-Z of DOS that begin a row where files were joined */
export const countMarkBytes = (text: string, start: number, encoding: Encoding | undefined): number => {
  const marks = isUnicode(encoding) ? ['\xef\xbb\xbf', '\x1a'] : ['\x1a'];
  let at = start;
  for (let mark: string | undefined = ''; mark !== undefined; at += mark?.length ?? 0)
    mark = marks.find((candidate) => text.startsWith(candidate, at));
  return at - start;
};
