import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createCrmWithImports } from '../../../tests/crm-with-imports.ts';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import type { ImportJob } from '../import-job.ts';
import { streamRefusedCsv } from './refused-csv.ts';
import { reportLimits } from './report-builder.ts';
import { showImport } from './show-import.ts';

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
const refusedRows = (count: number) => Array.from({ length: count }, (_, n) => `x,F,L,C,${n},1`);

type ImportFixture = Awaited<ReturnType<typeof createImportFixture>>;

const readListed = async ({ db }: ImportFixture, { importId }: ImportJob) => {
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
  const tooMany = reportLimits.rows + 600;

  it('lists a limited number of rows per outcome, counts all of them, and notes the difference', async () => {
    const fixture = await createImportFixture();
    await fixture.load([header, '1,Eva,Vos,Delft,77,1']);
    const job = await fixture.load([header, ...refusedRows(tooMany), '1,Eva,Vos,Gouda,77,1']);
    expect(job).toMatchObject({ refused: tooMany, skipped: 1, listedRefused: reportLimits.rows, listedSkipped: 1 });
    const { rows } = await readListed(fixture, job);
    expect(rows.filter(({ outcome }) => outcome === 'refused')).toHaveLength(reportLimits.rows);
    expect(rows.at(-1)).toMatchObject({ outcome: 'skipped', line: tooMany + 2 });
    const shown = showImport(job);
    expect(shown.listed).toEqual({ refused: reportLimits.rows, skipped: 1 });
    expect(shown.notes).toEqual([
      expect.stringContaining(`Of ${tooMany} refused rows the report lists the first ${reportLimits.rows};`),
    ]);
  });

  it('marks the file of refused rows as incomplete if it lacks rows', async () => {
    const { http, post, waitUntilFinished } = await createCrmWithImports();
    const importAndFetch = async (...rows: string[]) => {
      const { body } = await post('/imports', ...rows).expect(202);
      const { importId, refusedRows: path, listed } = await waitUntilFinished(`/imports/${body.importId}`);
      return { importId, listed, ...(await http.get(path).expect(200)) };
    };
    const whole = await importAndFetch(...refusedRows(3));
    expect(whole.headers['rows-not-listed']).toBe('0');
    expect(whole.headers['content-disposition']).toBe(`attachment; filename=refused-${whole.importId}.csv`);
    const part = await importAndFetch(...refusedRows(tooMany));
    expect(part.listed).toEqual({ refused: reportLimits.rows, skipped: 0 });
    expect(part.headers['rows-not-listed']).toBe('600');
    expect(part.headers['content-disposition']).toContain(`refused-${part.importId}-incomplete.csv`);
    expect(part.text.trimEnd().split('\r\n')).toHaveLength(1 + reportLimits.rows);
  });

  it.each([
    ['an import', false],
    ['a dry run', true],
  ])('is the same when %s is killed after 1, 10 or 11 transactions', async (_, dryRun) => {
    const lines = [header, ...refusedRows(tooMany)];
    const outcome = async (fixture: ImportFixture, job: ImportJob) => ({
      job: { ...job, importId: '' },
      lines: (await readListed(fixture, job)).rows.map(({ line }) => line),
    });
    const whole = await createImportFixture();
    const expected = await outcome(whole, await whole.load(lines, { dryRun }));
    for (const transactions of [1, 10, 11]) {
      const killed = await createImportFixture();
      killed.killAfter(transactions);
      await killed.loadUntilKilled(lines, { dryRun });
      expect(await outcome(killed, await killed.resume())).toEqual(expected);
    }
  });

  it('lists a limited number of bytes, and no row after the first one that does not fit', async () => {
    const fixture = await createImportFixture();
    const long = Array.from({ length: 400 }, (_, n) => `x,F,L,C,${n},1,${'r'.repeat(7_000)}`);
    const job = await fixture.load([`${header},remark`, ...long, ...refusedRows(3)]);
    const { rows, bytes } = await readListed(fixture, job);
    expect(bytes).toBeLessThanOrEqual(reportLimits.bytes);
    expect(bytes).toBeGreaterThan(reportLimits.bytes - 20_000);
    expect(job).toMatchObject({ refused: 403, listedRefused: rows.length, refusedBytes: bytes });
    expect(rows.map(({ line }) => line)).toEqual(rows.map((_, n) => n + 2));
  });

  it('keeps only the line and the problem values of a long row, which is refused again from the file of refused rows', async () => {
    const fixture = await createImportFixture();
    const job = await fixture.load([`${header},remark`, `x,F,L,C,1,1,${'r'.repeat(20_000)}`]);
    const [row] = (await readListed(fixture, job)).rows;
    expect(JSON.parse(String(row?.cells))).toEqual(['…', 'x']);
    expect((await fixture.reportRows(job)).at(-1)).toEqual([
      2,
      'refused',
      null,
      '',
      expect.stringContaining('line 2 of the file'),
    ]);
    const file = await text(Readable.from(streamRefusedCsv(fixture.db, job)));
    expect(file.length).toBeLessThan(1_000);
    expect(await fixture.load([file])).toMatchObject({ refused: 1, created: 0 });
  });

  it('names only some of many ignored columns, and a file with thousands of columns is refused', async () => {
    const { load } = await createImportFixture();
    const columns = (count: number) => Array.from({ length: count }, (_, n) => `${n}${'c'.repeat(40)}`).join();
    const [note] = showImport(await load([`${header},${columns(900)}`])).notes;
    expect(note).toContain('and 880 more');
    expect(String(note).length).toBeLessThan(2_000);
    await expect(load([`${header},${columns(1_000)}`])).rejects.toThrow('1006 columns, more than 1000');
  });
});
