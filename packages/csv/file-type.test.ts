import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib';
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
    'sep=;\n',
    '',
    'a',
  ])('is not recognised as anything else: %j', (text) => {
    for (const bytes of [Buffer.from(text), Buffer.from(`\uFEFF${text}`), Buffer.from(`\uFEFF${text}`, 'utf16le')])
      expect(recogniseFileType(bytes)).toBeUndefined();
  });

  it('is one in a compression that has no signature, whose header is then refused', () =>
    expect(recogniseFileType(brotliCompressSync('a,b\n'))).toBeUndefined());
});
