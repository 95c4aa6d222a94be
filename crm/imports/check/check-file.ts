import { createReadStream } from 'node:fs';
import type { Encoding } from '../../../packages/csv/encoding.ts';
import { type CsvRow, readCsv } from '../../../packages/csv/read-csv.ts';
import { createYielder } from '../../../packages/runtime/yield-to-event-loop.ts';
import type { ImportOptions } from '../import-job.ts';
import {
  addDoubt,
  checkRow,
  type ImportRow,
  isRefused,
  mayBeRounded,
  type Problem,
  type RefusedRow,
} from './check-row.ts';
import { type Header, maxColumns, readHeader, unusableFile } from './header.ts';
import { createSeenKeys } from './seen-keys.ts';

/** A checked row. Rows without an id are in pass 2, so that they cannot get the id of a later row. */
export type CheckedRow = {
  readonly row: ImportRow | RefusedRow;
  readonly pass: 1 | 2;
  readonly bytes: number;
  /** Whether its encoding was detected as another than UTF-8. */
  readonly isRecoded: boolean;
};

/** Reads the header of a file. @throws DomainError unusable-file */
export const readFileHeader = async (
  file: string,
  { columns, encoding }: Pick<ImportOptions, 'columns' | 'encoding'>,
): Promise<Header> => {
  for await (const [first] of readCsv(createReadStream(file), encoding)) {
    if (!first) continue;
    const count = first.cells.length;
    if (count > maxColumns) throw unusableFile(`The header has ${count} columns, more than ${maxColumns}.`);
    return readHeader(first.cells, columns);
  }
  throw unusableFile('The file has only blank lines.');
};

/** A caller that reads ahead has so many rows ready. */
const rowsAhead = 500;

/** Validates every row of a file by itself and against the rows before it. `lines`: how many lines the file has. */
export async function* checkFile(
  file: string,
  header: Header,
  { encoding, lines }: { encoding: Encoding | undefined; lines: number },
): AsyncGenerator<CheckedRow[]> {
  const seen = {
    customerId: createSeenKeys(header.indexes.has('customerId') ? lines : 0),
    connectionId: createSeenKeys(lines),
  };
  const yieldInTurns = createYielder();
  let isHeader = true;
  let checkedRows: CheckedRow[] = [];
  for await (const rows of readCsv(createReadStream(file), encoding)) {
    for (const row of isHeader ? rows.slice(1) : rows) {
      const isRecoded = encoding === undefined && row.encoding === 'windows-1252';
      checkedRows.push({ ...checkCsvRow(row, header, seen), isRecoded });
      await yieldInTurns();
    }
    isHeader &&= rows.length === 0;
    if (checkedRows.length < rowsAhead) continue;
    yield checkedRows;
    checkedRows = [];
  }
  yield checkedRows;
}

type Seen = Record<'customerId' | 'connectionId', ReturnType<typeof createSeenKeys>>;

const checkCsvRow = (csvRow: CsvRow, header: Header, seen: Seen): Omit<CheckedRow, 'isRecoded'> => {
  const row = refuseSeenKeys(checkRow(csvRow, header), seen);
  const pass = header.indexes.has('customerId') && (isRefused(row) || row.customerId !== undefined) ? 1 : 2;
  return { row, pass, bytes: csvRow.bytes };
};

const refuseSeenKeys = (row: ImportRow | RefusedRow, seen: Seen): ImportRow | RefusedRow => {
  if (isRefused(row)) return row;
  const { line, cells, customerId, data, doubtful } = row;
  const keys: { column: keyof Seen; value: string }[] = [{ column: 'connectionId', value: data.connectionId }];
  if (customerId !== undefined) keys.unshift({ column: 'customerId', value: customerId });
  const problems = keys.flatMap(({ column, value }): Problem[] => {
    const firstLine = seen[column].findLine(value);
    return firstLine === undefined ? [] : [{ column, value, reason: describeRepeated(value, firstLine) }];
  });
  if (problems.length > 0) return { line, cells, problems: addDoubt(row, [...doubtful, ...problems]) };
  // Keys of a refused row are not added, because it is not imported and cannot conflict with later rows.
  for (const { column, value } of keys) seen[column].add(value, line);
  return row;
};

const describeRepeated = (value: string, firstLine: number): string =>
  `also on line ${firstLine}${mayBeRounded(value) ? '; a spreadsheet may have rounded two numbers to this one' : ''}`;
