import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvRow, readCsv } from './read-csv.ts';
import { formatCsvLine } from './write-csv.ts';

/** Splits the bytes into chunks, like a network. */
async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (content: string | Buffer, pieces = 1 << 16): Promise<CsvRow[]> => {
  const rows: CsvRow[] = [];
  for await (const batch of readCsv(inPieces(Buffer.from(content), pieces))) rows.push(...batch);
  return rows;
};
const cells = async (content: string | Buffer, pieces?: number) =>
  (await read(content, pieces)).map((row) => row.cells);
const lines = async (content: string | Buffer) => (await read(content)).map(({ line }) => line);

describe('reading CSV', () => {
  it('skips the byte order mark, and accepts Unix and Windows line ends and a last line without one', async () =>
    expect(await cells('\uFEFFa,b\r\n1,2\n3,4')).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', '4'],
    ]));

  it.each([',', ';', '\t', '|'])('finds the delimiter %j in the header', async (d) =>
    expect(await cells(`a${d}b${d}"c,;|"\n1${d}x y${d}"2${d}3"\n`)).toEqual([
      ['a', 'b', 'c,;|'],
      ['1', 'x y', `2${d}3`],
    ]));

  it('reads delimiters, line breaks and doubled quotes within quotes, and counts the line of each row', async () => {
    const text = 'a,b\n"x, ""y""\r\nand z" ,2\n3,4\n';
    expect(await cells(text)).toEqual([
      ['a', 'b'],
      ['x, "y"\r\nand z', '2'],
      ['3', '4'],
    ]);
    expect(await lines(text)).toEqual([1, 2, 4]);
  });

  it('treats a quote inside an unquoted cell as a character', async () =>
    expect(await cells('a,b\nJan "de Man",5"\n')).toEqual([
      ['a', 'b'],
      ['Jan "de Man"', '5"'],
    ]));

  it('skips blank lines and rows of empty cells, and counts their lines', async () =>
    expect(await lines('a,b\n\n  \r\n,\n1,2\n')).toEqual([1, 5]));

  it('finds the header after blank lines and after a sep= line', async () => {
    for (const before of ['\n', '\r\n ;;\n', 'sep=;\r\n', '\uFEFF"sep=,"\n'])
      expect(await cells(`${before}a;b\n1;"2\n"\n`, 3)).toEqual([
        ['a', 'b'],
        ['1', '2\n'],
      ]);
    expect(await cells('a;b\nsep=;\n')).toHaveLength(2);
  });

  it('returns ragged rows unchanged', async () =>
    expect(await cells('a,b\n1\n1,2,3\n')).toEqual([['a', 'b'], ['1'], ['1', '2', '3']]));

  it('loses only one row to an unclosed quote', async () =>
    expect(await read('a,b\n1,"x\n2,y\n3,"z"\n')).toMatchObject([
      { line: 1 },
      { line: 2, broken: expect.stringContaining('quote'), cells: ['1', '"x'] },
      { line: 3, cells: ['2', 'y'] },
      { line: 4, cells: ['3', 'z'] },
    ]));

  it('loses only one row to an open quote at the end, and to text after a closing quote', async () =>
    expect((await read('a,b\n"1"x,2\n3,"4\n5,6\n')).map(({ line, broken }) => [line, broken])).toEqual([
      [1, undefined],
      [2, 'there is text after a closing quote'],
      [3, 'a quote is opened and never closed'],
      [4, undefined],
    ]));

  it('detects and decodes a Windows-1252 row', async () =>
    expect(
      await read(Buffer.concat([Buffer.from('a,b\nRené,é\n'), Buffer.from('Ren\xe9,\x80\n', 'latin1')])),
    ).toMatchObject([
      { encoding: 'utf-8' },
      { encoding: 'utf-8', cells: ['René', 'é'] },
      { encoding: 'windows-1252', cells: ['René', '€'] },
    ]));

  it('marks a row with bytes of two encodings as broken', async () => {
    const mixed = Buffer.concat([Buffer.from('a,b\né,'), Buffer.from('\xe9\n', 'latin1'), Buffer.from('1,2\n')]);
    expect(await read(mixed)).toMatchObject([
      {},
      { line: 2, broken: expect.stringContaining('encoding'), cells: ['é', '\ufffd'] },
      { line: 3 },
    ]);
  });

  it('skips a huge row without keeping it in memory', async () => {
    const rows = await read(`a,b\n1,${'x'.repeat(1_000_000)}\n"${'y\n'.repeat(50_000)}",2\n3,4\n`, 5_000);
    expect(rows[1]).toMatchObject({ line: 2, broken: 'longer than 65536 bytes' });
    expect(rows[2]).toMatchObject({ line: 3, broken: expect.stringContaining('quote') });
    expect(rows.at(-1)).toMatchObject({ line: 50_004, cells: ['3', '4'] });
  });

  it('counts the bytes of each row', async () =>
    expect((await read('a,b\r\n1,2\n"3\n",4\n')).map(({ bytes }) => bytes)).toEqual([5, 4, 7]));

  it('reads back what was written, in chunks of any size', async () => {
    const cell = fc.stringMatching(/^[a-zé€😀;,"\n\r ]{0,6}$/u).map((text) => text.trim());
    const row = fc.tuple(cell, cell, cell).filter((values) => values.some((value) => value !== ''));
    await fc.assert(
      fc.asyncProperty(fc.array(row), fc.integer({ min: 1, max: 20 }), async (rows, size) => {
        const table = [['a', 'b', 'c'], ...rows];
        expect(await cells(table.map(formatCsvLine).join(''), size)).toEqual(table);
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
