import type { Encoding } from './encoding.ts';
import { detectUnicode, openBytes } from './text/byte-source.ts';

/** A file that is not CSV: what it is, and how to make it CSV. */
export type OtherFileType = { readonly name: string; readonly remedy: string };

/** `begin` is the beginning of the file in Latin-1, `has` is anywhere in its head. */
type FileType = OtherFileType & { readonly begin: readonly string[] | RegExp; readonly has?: string | RegExp };

/** How many bytes of a file `recogniseFileType` needs, if it has as many. */
export const headBytes = 64 * 1024;

const saveAsCsv = 'open it in a spreadsheet and save it as "CSV UTF-8"';
const decompress = 'decompress it and send the CSV file in it; over HTTP, Content-Encoding: gzip is accepted';
const unpack = 'unpack it and send the CSV file in it';
const sendFile = "send the CSV file itself: curl -H 'Content-Type: text/csv' --data-binary @FILE";
const exportAsCsv = 'export the data as CSV';

const zip = ['PK\x03\x04'];

/** Control characters without zero, white space, Ctrl-Z, and those that may be delimiters or begin a Japanese text. */
const controls = String.raw`\x01-\x08\x0e-\x19`;

/** The first type that matches is the answer. */
const fileTypes: readonly FileType[] = [
  { name: 'an Excel workbook (.xlsx or .xlsm)', remedy: saveAsCsv, begin: zip, has: 'xl/' },
  {
    name: 'an OpenDocument spreadsheet (.ods)',
    remedy: saveAsCsv,
    begin: zip,
    has: 'application/vnd.oasis.opendocument.spreadsheet',
  },
  { name: 'a Numbers spreadsheet', remedy: saveAsCsv, begin: zip, has: /Index(\/|\.zip)|\.iwa/ },
  { name: 'an Office document', remedy: saveAsCsv, begin: zip, has: '[Content_Types].xml' },
  { name: 'a ZIP archive', remedy: unpack, begin: [...zip, 'PK\x05\x06', 'PK\x07\x08'] },
  {
    name: 'an old Excel workbook (.xls), or one with a password',
    remedy: saveAsCsv,
    begin: ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  },
  { name: 'a gzip file', remedy: decompress, begin: ['\x1f\x8b'] },
  { name: 'a bzip2 file', remedy: decompress, begin: /^BZh[1-9]1AY&SY/ },
  { name: 'an xz file', remedy: decompress, begin: ['\xfd7zXZ\0'] },
  { name: 'a Zstandard file', remedy: decompress, begin: ['\x28\xb5\x2f\xfd'] },
  { name: 'an LZ4 file', remedy: decompress, begin: ['\x04\x22\x4d\x18'] },
  { name: 'a zlib file', remedy: decompress, begin: ['x\x01', 'x\x9c', 'x\xda'] },
  { name: 'a compress file (.Z)', remedy: decompress, begin: ['\x1f\x9d'] },
  { name: 'a 7-Zip archive', remedy: unpack, begin: ['7z\xbc\xaf\x27\x1c'] },
  { name: 'a RAR archive', remedy: unpack, begin: ['Rar!\x1a\x07'] },
  { name: 'a tar archive', remedy: unpack, begin: /^[\s\S]{257}ustar/ },
  { name: 'a PDF document', remedy: exportAsCsv, begin: ['%PDF-'] },
  { name: 'an RTF document', remedy: exportAsCsv, begin: ['{\\rtf'] },
  { name: 'a SQLite database', remedy: exportAsCsv, begin: ['SQLite format 3\0'] },
  { name: 'a Parquet file', remedy: exportAsCsv, begin: ['PAR1'] },
  { name: 'an image', remedy: exportAsCsv, begin: ['\x89PNG\r\n', '\xff\xd8\xff', 'GIF87a', 'GIF89a'] },
  {
    name: 'an Excel workbook in XML',
    remedy: saveAsCsv,
    begin: /^\s*<\?xml/,
    has: 'urn:schemas-microsoft-com:office:spreadsheet',
  },
  {
    name: 'an HTML page',
    remedy: saveAsCsv,
    begin: /^\s*(<\?xml[^>]*>\s*)?<(!doctype\s+html|html|head|meta|body|table|div|script|style)\b/i,
  },
  { name: 'an XML document', remedy: exportAsCsv, begin: /^\s*<(\?xml|!doctype|!--|\w[\w:.-]*(\s[^<>,;|]*)?>\s*<)/i },
  { name: 'a form (multipart/form-data)', remedy: sendFile, begin: /^--[^\r\n]+\r?\nContent-Disposition:/i },
  {
    name: 'an e-mail or a part of one',
    remedy: sendFile,
    begin: /^(MIME-Version|Content-Type|Received|Return-Path): /i,
  },
  {
    name: 'text in Base64 or hexadecimal digits',
    remedy: 'decode it and send the CSV file in it',
    begin: /^(data:[\w./+;=-]*,)?[A-Za-z0-9+/]{60,}={0,2}\s*(?![^\r\n])/,
  },
  { name: 'a SYLK file', remedy: saveAsCsv, begin: /^ID;P(WXL|CALC|SCALC)/ },
  { name: 'JSON', remedy: exportAsCsv, begin: /^\s*(\{\s*("[^"]*"\s*:|\})|\[\s*([[{\]]|"[^"]*"\s*[,\]]|-?\d))/ },
  // Text has none of these bytes in its first line, unless it is UTF-16. A row further down that has them is refused alone.
  {
    name: 'binary data',
    remedy: exportAsCsv,
    begin: new RegExp(String.raw`^(?![\s\S]{0,60}(\0[^\0]){4})[^\r\n]*([${controls}]|\0{3})`),
  },
];

/**
 * Recognises a file that is not CSV by its first bytes, whatever its name.
 * @param declared the encoding of the file, if it is text
 * @returns undefined for text that may be CSV
 */
export const recogniseFileType = (head: Buffer, declared?: Encoding): OtherFileType | undefined => {
  if (detectUnicode(head)?.encoding === 'utf-32')
    return { name: 'text in UTF-32', remedy: 'save it in UTF-8, in a spreadsheet as "CSV UTF-8"' };
  const text = openBytes(head, declared)
    .convert(head)
    .toString('latin1')
    .replace(/^(\xef\xbb\xbf)+/, '');
  const found = fileTypes.find(
    ({ begin, has = '' }) =>
      (begin instanceof RegExp ? begin.test(text) : begin.some((literal) => text.startsWith(literal))) &&
      (has instanceof RegExp ? has.test(text) : text.includes(has)),
  );
  return found && { name: found.name, remedy: found.remedy };
};
