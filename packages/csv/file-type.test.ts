import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { recogniseFileType } from './file-type.ts';

/** The local header of a file in a ZIP archive. */
const zipEntry = (name: string, content = '') => {
  const data = deflateRawSync(content);
  const header = Buffer.alloc(30);
  header.write('PK\x03\x04', 'latin1');
  header.writeUInt32LE(data.length, 18);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), data]);
};
const columns = 'firstName,lastName,city,connectionId,connectionMandate';
const registrations = Array.from({ length: 99 }, (_, index) => `Jan,Vos,Delft,${7 ** (index % 20)},1\n`).join('');
const hex = (bytes: string) => Buffer.from(bytes.replaceAll(' ', ''), 'hex');
const tar = Buffer.alloc(512);
tar.write('customers.csv');
tar.write('ustar', 257);

describe('a file that is not CSV', () => {
  it.each([
    ['Excel', Buffer.concat([zipEntry('[Content_Types].xml', 'x'), zipEntry('xl/workbook.xml')])],
    [
      'OpenDocument',
      Buffer.concat([zipEntry('mimetype'), Buffer.from('application/vnd.oasis.opendocument.spreadsheet')]),
    ],
    ['Numbers', zipEntry('Index/Document.iwa')],
    ['Office', zipEntry('[Content_Types].xml')],
    ['ZIP', zipEntry('customers.csv', 'a,b')],
    ['old Excel', hex('d0cf11e0a1b11ae1 0000')],
    ['gzip', gzipSync('a,b\n')],
    ['bzip2', Buffer.from('BZh91AY&SY')],
    ['xz', hex('fd377a585a00 00')],
    ['Zstandard', hex('28b52ffd 04')],
    ['LZ4', hex('04224d18')],
    ['7-Zip', hex('377abcaf271c')],
    ['RAR', Buffer.from('Rar!\x1a\x07\x01')],
    ['tar', tar],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['RTF', Buffer.from('{\\rtf1\\ansi')],
    ['SQLite', Buffer.from('SQLite format 3\0')],
    ['image', hex('89504e470d0a1a0a')],
    [
      'Excel workbook in XML',
      Buffer.from('<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'),
    ],
    ['HTML', Buffer.from('\uFEFF\r\n<!DOCTYPE html><html>')],
    ['HTML', Buffer.from('<table border="1"><tr><td>firstName</td>')],
    ['HTML', Buffer.from('\uFEFF<html>', 'utf16le')],
    ['XML', Buffer.from('<?xml version="1.0"?><customers/>')],
    ['XML', Buffer.from('<customers>\n  <customer>')],
    ['JSON', Buffer.from('{ "firstName": "Eva" }')],
    ['JSON', Buffer.from('[{"firstName":"Eva"}]')],
    ['zlib', deflateSync('firstName,lastName\n')],
    ['zlib', deflateSync('firstName,lastName\n', { level: 1 })],
    ['binary', brotliCompressSync(`${columns}\n${registrations}`)],
    ['binary', deflateRawSync(`${columns}\n${registrations}`)],
    ['binary', hex('0908100000060500')],
    ['binary', Buffer.alloc(512)],
    ['Base64', Buffer.from(Buffer.from(`${columns}\n`).toString('base64'))],
    ['Base64', Buffer.from(`data:text/csv;base64,${Buffer.from(`${columns}\n`.repeat(9)).toString('base64')}\r\n`)],
    ['hexadecimal', Buffer.from(Buffer.from(`${columns}\n`).toString('hex'))],
    ['form', Buffer.from('--xyz\r\nContent-Disposition: form-data; name="file"\r\n\r\na,b\r\n--xyz--\r\n')],
    ['e-mail', Buffer.from('MIME-Version: 1.0\r\nContent-Type: text/csv\r\n\r\na,b\r\n')],
    ['SYLK', Buffer.from('ID;PWXL;N;E\r\n')],
    ['UTF-32', hex('fffe0000 61000000')],
    ['UTF-32', hex('00000061')],
  ])('is named: %s', (name, bytes) => {
    const type = recogniseFileType(bytes);
    expect(type?.name).toContain(name);
    expect(type?.remedy).toMatch(/CSV/);
  });
});

describe('a file that may be CSV', () => {
  it.each([
    'firstName,lastName',
    '"firstName";"lastName"',
    '[firstName],[lastName]',
    '<id>,firstName',
    '{id},firstName',
    'PK,firstName',
    'ID;PLZ;firstName',
    'firstName\u001flastName',
    '--,firstName',
    'x^2,firstName',
    'sep=;\n',
    '',
    'a',
  ])('is not recognised as anything else: %j', (text) => {
    for (const bytes of [Buffer.from(text), Buffer.from(`\uFEFF${text}`), Buffer.from(`\uFEFF${text}`, 'utf16le')])
      expect(recogniseFileType(bytes)).toBeUndefined();
  });

  it.each(['utf-16le', 'utf-16be'])('is one that begins with a letter like binary data, declared as %s', (declared) => {
    const bytes = Buffer.from('Łódź,firstName\n', 'utf16le');
    expect(recogniseFileType(declared === 'utf-16le' ? bytes : bytes.swap16(), declared)).toBeUndefined();
  });

  it('has bytes that are not text in a later row', () =>
    expect(recogniseFileType(Buffer.from('a,b\n1,\x01\n'))).toBeUndefined());
});
