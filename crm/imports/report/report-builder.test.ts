import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createCrmWithImports } from '../../../tests/crm-with-imports.ts';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import type { ImportJob } from '../import-job.ts';
import { refusedCsv } from './refused-csv.ts';
import { reportLimits } from './report-builder.ts';
import { showImport } from './show-import.ts';

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
const refusedRows = (count: number) => Array.from({ length: count }, (_, n) => `x,F,L,C,${n},1`);

type ImportFixture = Awaited<ReturnType<typeof createImportFixture>>;

const listed = async ({ db }: ImportFixture, { importId }: ImportJob) => {
  const rows = await db
    .selectFrom('importedRow')
    .selectAll()
    .where('importId', '=', importId)
    .orderBy('line')
    .execute();
  const bytes = rows.reduce((sum, { cells, problems, textKey }) => sum + `${cells}${problems}${textKey}`.length, 0);
  return { rows, bytes };
};

describe('the report of an import', () => {
  const beyond = reportLimits.rows + 600;

  it('lists so many rows of each outcome, counts them all, and says so', async () => {
    const fixture = await createImportFixture();
    await fixture.load([header, '1,Eva,Vos,Delft,77,1']);
    const job = await fixture.load([header, ...refusedRows(beyond), '1,Eva,Vos,Gouda,77,1']);
    expect(job).toMatchObject({ refused: beyond, skipped: 1, listedRefused: reportLimits.rows, listedSkipped: 1 });
    const { rows } = await listed(fixture, job);
    expect(rows.filter(({ outcome }) => outcome === 'refused')).toHaveLength(reportLimits.rows);
    expect(rows.at(-1)).toMatchObject({ outcome: 'skipped', line: beyond + 2 });
    const shown = showImport(job);
    expect(shown.listed).toEqual({ refused: reportLimits.rows, skipped: 1 });
    expect(shown.notes).toEqual([
      expect.stringContaining(`Of ${beyond} refused rows the report lists the first ${reportLimits.rows};`),
    ]);
  });

  it('is told to be incomplete where its refused rows are a file to correct', async () => {
    const { http, post, waitUntilFinished } = await createCrmWithImports();
    const answerFor = async (...rows: string[]) => {
      const { body } = await post('/imports', ...rows).expect(202);
      const { importId, refusedRows: path, listed } = await waitUntilFinished(`/imports/${body.importId}`);
      return { importId, listed, ...(await http.get(path).expect(200)) };
    };
    const whole = await answerFor(...refusedRows(3));
    expect(whole.headers['rows-not-listed']).toBe('0');
    expect(whole.headers['content-disposition']).toBe(`attachment; filename=refused-${whole.importId}.csv`);
    const part = await answerFor(...refusedRows(beyond));
    expect(part.listed).toEqual({ refused: reportLimits.rows, skipped: 0 });
    expect(part.headers['rows-not-listed']).toBe('600');
    expect(part.headers['content-disposition']).toContain(`refused-${part.importId}-incomplete.csv`);
    expect(part.text.trimEnd().split('\r\n')).toHaveLength(1 + reportLimits.rows);
  });

  it.each([1, 10, 11])('is the same after a kill behind %i transactions, of a dry run, too', async (transactions) => {
    const lines = [header, ...refusedRows(beyond)];
    const outcome = async (fixture: ImportFixture, job: ImportJob) => ({
      job: { ...job, importId: '' },
      lines: (await listed(fixture, job)).rows.map(({ line }) => line),
    });
    for (const dryRun of [false, true]) {
      const whole = await createImportFixture();
      const expected = await outcome(whole, await whole.load(lines, { dryRun }));
      const killed = await createImportFixture();
      killed.killAfter(transactions);
      await killed.loadUntilKilled(lines, { dryRun });
      expect(await outcome(killed, await killed.resume())).toEqual(expected);
    }
  }, 60_000);

  it('lists so many bytes, and nothing behind the first row that does not fit', async () => {
    const fixture = await createImportFixture();
    const long = Array.from({ length: 400 }, (_, n) => `x,F,L,C,${n},1,${'r'.repeat(7_000)}`);
    const job = await fixture.load([`${header},remark`, ...long, ...refusedRows(3)]);
    const { rows, bytes } = await listed(fixture, job);
    expect(bytes).toBeLessThanOrEqual(reportLimits.bytes);
    expect(bytes).toBeGreaterThan(reportLimits.bytes - 20_000);
    expect(job).toMatchObject({ refused: 403, listedRefused: rows.length, refusedBytes: bytes });
    expect(rows.map(({ line }) => line)).toEqual(rows.map((_, n) => n + 2));
  });

  it('keeps of a long row what its problems show, and where it is; the file to correct has it refused again', async () => {
    const fixture = await createImportFixture();
    const job = await fixture.load([`${header},remark`, `x,F,L,C,1,1,${'r'.repeat(20_000)}`]);
    const [row] = (await listed(fixture, job)).rows;
    expect(JSON.parse(String(row?.cells))).toEqual(['…', 'x']);
    expect((await fixture.reportRows(job)).at(-1)).toEqual([
      2,
      'refused',
      null,
      '',
      expect.stringContaining('line 2 of the file'),
    ]);
    const file = await text(Readable.from(refusedCsv(fixture.db, job)));
    expect(file.length).toBeLessThan(1_000);
    expect(await fixture.load([file])).toMatchObject({ refused: 1, created: 0 });
  });

  it('names few of many columns that were ignored, and takes no file of thousands of them', async () => {
    const { load } = await createImportFixture();
    const columns = (count: number) => Array.from({ length: count }, (_, n) => `${n}${'c'.repeat(40)}`).join();
    const [note] = showImport(await load([`${header},${columns(900)}`])).notes;
    expect(note).toContain('and 880 more');
    expect(String(note).length).toBeLessThan(2_000);
    await expect(load([`${header},${columns(1_000)}`])).rejects.toThrow('1006 columns, more than 1000');
  });
});
