import { describe, expect, it } from 'vitest';
import { encodingNames, findEncoding } from './encoding.ts';
import { readCsv } from './read-csv.ts';

async function* once(bytes: Buffer) {
  yield bytes;
}

const read = async (bytes: Buffer, declared?: string) => {
  for await (const rows of readCsv(once(Buffer.concat([Buffer.from('a,b\n'), bytes, Buffer.from('\n')])), declared)) {
    const row = rows.find(({ line }) => line === 2);
    if (row) return row;
  }
  return undefined;
};

describe('the name of an encoding', () => {
  it.each([
    ['UTF-8', 'utf-8'],
    ['utf8', 'utf-8'],
    ['us-ascii', 'utf-8'],
    ['cp1250', 'windows-1250'],
    [' Windows-1250 ', 'windows-1250'],
    ['ISO-8859-1', 'windows-1252'],
    ['latin2', 'iso-8859-2'],
    ['utf-16', 'utf-16le'],
    ['sjis', 'shift_jis'],
    ['Windows 1250', 'windows-1250'],
    ['cp-1250', 'windows-1250'],
    ['Latin-1', 'windows-1252'],
    ['ISO 8859 2', 'iso-8859-2'],
    ['UTF_8', 'utf-8'],
  ])('may be %j, for %s', (label, encoding) => expect(findEncoding(label)).toBe(encoding));

  it.each([
    'klingon',
    '',
    'utf-7',
    'utf-32',
    'cp437',
    'iso-2022-jp',
    'iso 2022 jp',
    'replacement',
    'x-user-defined',
  ])('is not %j', (label) => expect(findEncoding(label)).toBeUndefined());

  it('is known to Node in every case', () => {
    for (const name of encodingNames) expect(findEncoding(name)).toBe(name);
  });
});

describe('a declared encoding', () => {
  it.each([
    ['windows-1250', 'a3f3a0', 'Łó'],
    ['iso-8859-2', 'a3f3', 'Łó'],
    ['iso-8859-15', 'a4', '€'],
    ['windows-1252', '80e9', '€é'],
    ['windows-1251', 'cfe5f2', 'Пет'],
    ['koi8-r', 'd0c5d4', 'пет'],
    ['windows-1253', 'c1', 'Α'],
    ['windows-1254', 'fe', 'ş'],
    ['macintosh', '8e', 'é'],
    ['ibm866', '8f', 'П'],
    ['shift_jis', '83658358', 'テス'],
    ['euc-kr', 'c7d1', '한'],
    ['gb18030', 'd6d0', '中'],
    ['big5', 'a4a4', '中'],
    ['utf-8', 'c581', 'Ł'],
  ])('%s decodes its letters', async (encoding, hex, text) => {
    const row = await read(Buffer.concat([Buffer.from('1,'), Buffer.from(hex, 'hex')]), encoding);
    expect(row).toEqual({ line: 2, encoding, bytes: 3 + hex.length / 2, cells: ['1', text] });
  });

  it.each([
    ['utf-8', 'e9'],
    ['windows-1250', '81'],
    ['windows-1253', 'd2'],
    ['windows-1257', 'a1'],
    ['windows-874', 'db'],
    ['iso-8859-7', 'ae'],
    ['iso-8859-2', '80'],
    ['shift_jis', '82'],
    ['gbk', 'ff'],
  ])('%s refuses a row with bytes that it has not', async (encoding, hex) => {
    const row = await read(Buffer.concat([Buffer.from('1,'), Buffer.from(hex, 'hex')]), encoding);
    expect(row?.broken).toBe(`the row has bytes that are not ${encoding}`);
  });
});

describe('a row of UTF-8 that is declared otherwise', () => {
  const readText = (text: string, declared: string) => read(Buffer.from(`1,${text}`), declared);

  it.each([
    ['windows-1252', 'René'],
    ['iso-8859-2', 'Jör\u0133'],
    ['windows-1250', 'Müller, Jörg'],
    ['windows-1251', 'Müller, Jörg'],
    ['macintosh', 'Müller, Jörg'],
  ])('is doubtful when it is read as %s: %s', async (declared, text) =>
    expect((await readText(text, declared))?.doubt).toBe(`the row is UTF-8, and not ${declared} as declared`));

  it.each([
    ['windows-1250', '52d98e454e41', 'RŮŽENA'],
    ['gbk', 'c1aa', '联'],
    ['gb18030', 'c2a1c2a1', '隆隆'],
  ])('may be %s that looks like UTF-8: %s', async (declared, hex, text) => {
    const row = await read(Buffer.concat([Buffer.from('1,'), Buffer.from(hex, 'hex')]), declared);
    expect(row).toMatchObject({ cells: ['1', text] });
    expect(row?.doubt).toBeUndefined();
  });
});

it('refuses a row with bytes of no encoding that it can detect', async () =>
  expect((await read(Buffer.from('1,M\x81ller', 'latin1')))?.broken).toBe(
    'the row has bytes that are not windows-1252',
  ));

describe('a row that is not UTF-8 and has no declared encoding', () => {
  it.each([
    ['Windows-1250', 'a3756a6a61', '£u'],
    ['Windows-1250', '5061776582b3', 'e‚'],
    ['Windows-1250', '50617765b3', 'we³'],
    ['Windows-1250', 'bff3b3e6', '³æ'],
    ['DOS (CP 850)', '52656e82', 'n‚'],
    ['Mac', '4d95726b', 'M•'],
    ['Mac', '52656e8e', 'nŽ'],
    ['DOS (CP 850)', '4b946c6e', 'K”l'],
    ['Windows-1251', 'c8e2e0ed', 'Èâàí'],
    ['Windows-1255', 'eef9e4', 'îùä'],
    ['CESU-8', 'eda0bdedb880', '½í'],
    ['Mac', '807066656c', '€p'],
    ['Windows-1253', 'c3e5fef1e3', 'Ãåþñ'],
  ])('is doubtful if it is in %s, and its bytes %s become other signs in Windows-1252', async (_, hex, word) => {
    const row = await read(Buffer.concat([Buffer.from('1,'), Buffer.from(hex, 'hex')]));
    expect(row?.doubt).toBe(`the row is not UTF-8, and as windows-1252 it would contain ${word}: declare its encoding`);
  });

  it.each([
    ['René'],
    ['¿Qué pasa?'],
    ['£5 \x96 25 m³ à 3 ½ µm', '£5 – 25 m³ à 3 ½ µm'],
    ['Café \x93Zoë\x94', 'Café “Zoë”'],
    ['D\x92Été', 'D’Été'],
    ['n° 5; 1ª'],
    ['Zo\xeb \x8cuvre \x8e \x8ai\x9aka LE\x8aNIK Ha\xff', 'Zoë Œuvre Ž Šiška LEŠNIK Haÿ'],
    ['Määttä Þórður Guðþór créée Conceição Ål à É'],
  ])('is read as Windows-1252 if that has words: %j', async (latin1, text = latin1) => {
    const row = await read(Buffer.from(`1,${latin1}`, 'latin1'));
    expect(row).toMatchObject({ encoding: 'windows-1252', cells: ['1', text] });
    expect(row?.doubt).toBeUndefined();
  });
});
