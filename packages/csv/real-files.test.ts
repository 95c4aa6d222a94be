import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvRow, readCsv } from './read-csv.ts';
import { formatCsvLine } from './write-csv.ts';

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const readPieces = async (bytes: Buffer, size: number, declared?: string): Promise<CsvRow[]> => {
  const rows: CsvRow[] = [];
  for await (const list of readCsv(inPieces(bytes, size), declared)) rows.push(...list);
  return rows;
};

/** Reads a file in pieces of several sizes, which must not matter. */
const read = async (content: string | Buffer, declared?: string): Promise<CsvRow[]> => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const rows = await readPieces(bytes, 1 << 16, declared);
  for (const size of [1, 2, 3, 7]) expect(await readPieces(bytes, size, declared)).toEqual(rows);
  return rows;
};
const cells = async (content: string | Buffer, declared?: string) =>
  (await read(content, declared)).map((row) => row.cells);
const outcome = async (content: string | Buffer) =>
  (await read(content)).map(({ line, broken, cells: found }) => [line, broken ?? found.length]);

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const table = [
  ['a', 'b'],
  ['1', 'x'],
  ['2', 'y'],
];

describe('line ends', () => {
  it.each([
    ['CR', 'a,b\r1,x\r2,y\r'],
    ['CR, without one at the end', 'a,b\r1,x\r2,y'],
    ['CR LF, LF and CR in one file', 'a,b\r\n1,x\r2,y\n'],
    ['CR CR LF', 'a,b\r\r\n1,x\r\r\n2,y\r\r\n'],
    ['LF CR', 'a,b\n\r1,x\n\r2,y\n\r'],
  ])('may be %s', async (_, text) => expect(await cells(text)).toEqual(table));

  it('count as one line each, also in quoted cells', async () =>
    expect((await read('a,b\r1,"x\ry\r\nz"\r\n2,y\n3,z')).map(({ line }) => line)).toEqual([1, 2, 5, 6]));

  it('are kept in quoted cells', async () =>
    expect(await cells('a,b\r"1\r2\r\n3","4"\r5,6\r')).toEqual([
      ['a', 'b'],
      ['1\r2\r\n3', '4'],
      ['5', '6'],
    ]));

  it('are not the vertical blanks of Unicode', async () =>
    expect(await cells('a,b\n1\u00851,x\u2028y\n2\v2,"z\u2029\fz"\n')).toEqual([
      ['a', 'b'],
      ['1\u00851', 'x\u2028y'],
      ['2\v2', 'z\u2029\fz'],
    ]));

  it.each([5, 1 << 16, 1 << 20])('end a row that is too long, in pieces of %i bytes', async (size) => {
    const rows = await readPieces(Buffer.from(`a,b\r1,${'x'.repeat(70_000)}\r2,y\r`), size);
    expect(rows).toMatchObject([
      { line: 1 },
      { line: 2, broken: 'longer than 65536 bytes' },
      { line: 3, cells: ['2', 'y'] },
    ]);
  });
});

describe('marks', () => {
  const mark = '\uFEFF';

  it.each([
    ['at the start, twice', `${mark}${mark}a,b\n1,x\n2,y\n`],
    ['before a quoted header', `${mark}"a","b"\n1,x\n2,y\n`],
    ['after a line with the delimiter that a spreadsheet has filled up', `sep=,;;;\r\n${mark}a,b\n1,x\n2,y\n`],
    ['before and after a line with the delimiter', `${mark}sep=,\n${mark}a,b\n1,x\n2,y\n`],
    ['where files were joined', `${mark}a,b\n1,x\n${mark}"2",y\n`],
    ['after the Ctrl-Z of the file before', `a,b\r\n1,x\r\n\x1a${mark}2,y\r\n`],
    ['of UTF-8, and another encoding is declared', `${mark}a,b\n1,x\n2,y`, 'windows-1250'],
  ])('are skipped %s', async (_, text, declared?) => expect(await cells(text, declared)).toEqual(table));

  it.each([
    'a,b\n1,x\n2,y\n\x1a',
    'a,b\n1,x\n2,y\x1a',
    'a,b\r\n1,x\r\n2,"y"\r\n\x1a\x1a\0\0\0',
    'a,b\r1,x\r2,y\r\x1a\r\n',
  ])('of DOS at the end of %j is skipped', async (text) => expect(await cells(text)).toEqual(table));

  it('are letters in an encoding without them', async () =>
    expect(await cells(latin1('a,b\n\xef\xbb\xbf,y\n'), 'windows-1252')).toEqual([
      ['a', 'b'],
      ['ï»¿', 'y'],
    ]));
});

describe('white space around quotes', () => {
  const blanks = [' ', '\t', '\u00a0', '\u202f', '\u3000', '\u2007', '\ufeff', ' \u00a0\u2003 '];

  it.each(blanks)('is removed: %j', async (blank) => {
    const row = (...values: string[]) => values.map((value) => `${blank}${value}${blank}`).join(';');
    const file = `a;b;c\n${row('"1"', '"x;\u00a0""y""\nz"', 'w "v"')}\n${row('"2"', '""', '3')}\n`;
    expect(await cells(file)).toEqual([
      ['a', 'b', 'c'],
      ['1', 'x;\u00a0"y"\nz', expect.stringMatching(/^\s*w "v"\s*$/)],
      ['2', '', expect.stringMatching(/^\s*3\s*$/)],
    ]);
  });

  it('may be a no-break space in Windows-1252', async () =>
    expect(await cells(latin1('a,b\n\xa0"Ren\xe9"\xa0,"x"\xa0\n'))).toEqual([
      ['a', 'b'],
      ['René', 'x'],
    ]));
});

it('refuses a row with zero bytes, which are not text', async () =>
  expect(await outcome('a,b\n1,x\0\n2,y\n\0\0\0\0')).toEqual([
    [1, 2],
    [2, expect.stringContaining('zero bytes')],
    [3, 2],
    [4, expect.stringContaining('zero bytes')],
  ]));

describe('UTF-16', () => {
  const text = 'naam;plaats\r\nŁucja;"Łódź\r\noost"\r\n😀;x\r\n';
  const expected = [
    ['naam', 'plaats'],
    ['Łucja', 'Łódź\r\noost'],
    ['😀', 'x'],
  ];

  it.each([
    ['little endian, with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['big endian, with a mark', utf16be(`\uFEFF${text}`)],
    ['little endian, without a mark', Buffer.from(text, 'utf16le')],
    ['big endian, without a mark', utf16be(text)],
  ])('is read: %s', async (_, bytes) => {
    for (const declared of [undefined, 'utf-16le'])
      expect((await read(bytes, declared)).map((row) => row.cells)).toEqual(expected);
    const rows = await read(bytes);
    const markSize = bytes.length - Buffer.byteLength(text, 'utf16le');
    expect(rows.reduce((sum, row) => sum + row.bytes, 0)).toBe(bytes.length - markSize);
  });

  it('wins with its mark over another declared encoding', async () =>
    expect(await cells(Buffer.from(`\uFEFF${text}`, 'utf16le'), 'windows-1250')).toEqual(expected));

  it('loses a character that is cut in half', async () =>
    expect(await cells(Buffer.from('\uFEFFa,b\n1,x\ud83d\n', 'utf16le'))).toEqual([
      ['a', 'b'],
      ['1', 'x\ufffd'],
    ]));
});

describe('cells of several lines', () => {
  const header = 'name;notes;city;id\n';

  it.each([
    ['rows that leave out empty cells at the end', 'Jan;"one\ntwo";Delft\nPiet;"one\ntwo"\n"Kees\nvan";x\n', [3, 2, 2]],
    ['rows with more empty cells than the header', 'Jan;"one\ntwo";Delft;1;;\n', [6]],
    ['a quote in a later line', 'Jan;"one\n""two"" lines";Delft;"1"\nPiet;"one\ntwo ""2""";"Delft"\n', [4, 3]],
    ['delimiters in the cell', 'Jan;"one; two\nthree; four";Delft;1\nPiet;"one; two\nthree";Delft\n', [4, 3]],
    ['a blank line in the cell', 'Jan;"one\n\ntwo";Delft\n', [3]],
    ['notes as the last cell', 'Jan;"one; two\nthree"\n', [2]],
  ])('are read in %s', async (_, text, counts) => {
    const rows = (await read(header + text)).slice(1);
    expect(rows.map((row) => row.broken ?? row.cells.length)).toEqual(counts);
  });

  it('are read in the header', async () =>
    expect(await cells('"na\nme",b\n1,2\n')).toEqual([
      ['na\nme', 'b'],
      ['1', '2'],
    ]));

  it('are read at the beginning of a header with any delimiter', async () =>
    expect(await cells('"na\nme";"b, c";"d\r\ne"\n1;2;3\n')).toEqual([
      ['na\nme', 'b, c', 'd\r\ne'],
      ['1', '2', '3'],
    ]));

  it.each([
    ['before rows with quotes', '1;"x;y;z\n2;"p";q;r\n3;a;b;c\n'],
    ['before rows that leave out cells', '1;"x;y\n2;"p";q\n3;a;b\n'],
    ['before a quote that ends a cell', '1;"x;y\n2;19";q\n3;a;b\n'],
    ['before a row of more cells', '1;"x;y;z\n2;p";q;r;;\n3;a;b;c\n'],
  ])('are not made of rows by a missing quote %s', async (_, text) => {
    const rows = (await read(header + text)).slice(1);
    expect(rows.map(({ line, broken }) => [line, broken === undefined])).toEqual([
      [2, false],
      [3, true],
      [4, true],
    ]);
  });
});

it('reads back what was written, with any line end, in UTF-8 and UTF-16, in chunks of any size', async () => {
  const cell = fc.stringMatching(/^[az€😀;,"\n\r\t\u00a0 ]{0,6}$/u).map((text) => text.trim());
  const row = fc.tuple(cell, cell, cell).filter((values) => values.some((value) => value !== ''));
  const lineEnd = fc.constantFrom('\r\n', '\n', '\r');
  const encode = fc.constantFrom(
    (text: string) => Buffer.from(text),
    (text: string) => Buffer.from(`\uFEFF${text}`),
    (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
    (text: string) => utf16be(`\uFEFF${text}`),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(row),
      lineEnd,
      encode,
      fc.integer({ min: 1, max: 20 }),
      async (rows, end, bytes, size) => {
        const written = [['a', 'b', 'c'], ...rows];
        const text = written.map((values) => formatCsvLine(values).replace(/\r\n$/, end)).join('');
        expect((await readPieces(bytes(text), size)).map((found) => found.cells)).toEqual(written);
      },
    ),
    { seed: 16, numRuns: 300 },
  );
});

it('finds every good row in any bytes around one', async () => {
  const junk = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x22)));
  await fc.assert(
    fc.asyncProperty(junk, fc.integer({ min: 1, max: 20 }), async (bytes, size) => {
      const file = Buffer.concat([Buffer.from('a,b,c\n1,2,3\n'), bytes, Buffer.from('\n4,"5",6\n')]);
      const rows = await readPieces(file, size);
      expect(rows[1]?.cells).toEqual(['1', '2', '3']);
      expect(rows.at(-1)?.cells).toEqual(['4', '5', '6']);
    }),
    { seed: 17, numRuns: 300 },
  );
});
