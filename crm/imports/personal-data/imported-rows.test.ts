import { beforeEach, describe, expect, it } from 'vitest';
import { asObject } from '../../../tests/exported.ts';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import {
  type CrmContext,
  type CustomerData,
  changeCustomer,
  createErasures,
  deleteCustomer,
  type Erasures,
  erasePerson,
  exportPerson,
  lockPerson,
  registerCustomer,
  requestErasure,
} from '../../customers/index.ts';
import { importedRows } from './imported-rows.ts';

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate,email,phone';
const sources = { importReports: importedRows };
const eva = person('Eva', 'Vos', '77', 'eva@example.org', '+31 15 1234567');

let fixture: Awaited<ReturnType<typeof createImportFixture>>;
let context: CrmContext;
let erasures: Erasures;
beforeEach(async () => {
  fixture = await createImportFixture();
  context = fixture.context;
  erasures = createErasures({ db: fixture.db, sources });
});

function person(firstName: string, lastName: string, connectionId: string, email?: string, phone?: string) {
  const contacts = { email: email ?? null, phone: phone ?? null };
  return {
    firstName,
    lastName,
    city: 'Delft',
    connectionId,
    connectionMandate: '1',
    ...contacts,
  } satisfies CustomerData;
}

const register = async (data: CustomerData) => (await registerCustomer(context, data)).customer.customerId;
const load = (...rows: string[]) => fixture.load([header, ...rows]);
const erase = (customerId: string) => erasePerson(context, erasures, customerId);
const remove = (customerId: string) => deleteCustomer(context, customerId, undefined, erasures);

/** The report rows in the export of this person. */
const readExportedRows = async (customerId: string) => {
  const { importReports } = await asObject(await exportPerson(context, sources, customerId));
  return (importReports as { cells: string[] }[]).map(({ cells }) => cells.join());
};
/** The remaining rows of all reports. */
const remainingRows = async () => {
  const rows = await fixture.db.selectFrom('importedRow').select('cells').orderBy('importId').orderBy('line').execute();
  return rows.map(({ cells }) => (JSON.parse(cells) as string[]).join());
};

describe('an export', () => {
  it('has the report rows with the person’s number, e-mail address, phone number or current connection', async () => {
    const id = await register(eva);
    const ownRows = [
      `${id},E,V,C,99,9,other@example.org,`,
      ',E,V,C,77,9,,',
      ',E,V,C,88,9,EVA@Example.org,',
      ',E,V,C,89,9,,+31-15-1234567',
    ];
    await load(
      ...ownRows,
      ',Eva,Vos,C,8.7E+17,1,,',
      '5,E,V,C,77,9,,',
      ',E,V,C,77,8,new@example.org,',
      ',E,V,C,1,9,x.eva@example.org,',
    );
    expect(await readExportedRows(id)).toEqual(ownRows);
  });

  it('has no report row of a customer with the person’s former connection or with the same names', async () => {
    const anneke = await register(person('Anneke', 'Smit', '928'));
    await changeCustomer(context, anneke, (data) => ({ ...data, connectionId: '929' }));
    const bertus = await register(person('Bertus', 'Bos', '928'));
    const other = await register(person('Anneke', 'Smit', '930', 'as@example.org', '0612345678'));
    const rows = [',Bertus,Bos,Gouda,928,1,,', ',Anneke,Smit,Gouda,930,1,as@example.org,0612345678'];
    await load(...rows);
    expect(await readExportedRows(anneke)).toEqual([]);
    expect(await readExportedRows(bertus)).toEqual(rows.slice(0, 1));
    expect(await readExportedRows(other)).toEqual(rows.slice(1));
  });
});

describe('an erasure', () => {
  it('deletes every report row about the person, also by names in any case and cell', async () => {
    const id = await register(eva);
    await load(
      `${id},E,V,C,99,9,,`,
      ',E,V,C,77,9,,',
      ',EVA,vos,C,8.7E+17,1,,',
      ',Eva Vos,,C,8.7E+17,1,,',
      ',"Éva,Vos,C,8.7E+17,1,,',
      ',E,V,C,88,9,EVA@EXAMPLE.ORG,',
      ',E,V,C,89,9,,+31 15-1234567',
      ',Eva,Vos,Gouda,77,1,eva@new.example.org,',
    );
    await erase(id);
    expect(await remainingRows()).toEqual([]);
  });

  it('keeps every report row that is clearly about another person', async () => {
    const id = await register(eva);
    await changeCustomer(context, id, (data) => ({ ...data, connectionId: '78' }));
    const jan = await register(person('Jan', 'Bos', '77'));
    const rows = [
      ',Jan,Bos,Gouda,77,1,,',
      `${jan},Eva,Vos,Gouda,8.7E+17,1,,`,
      ',Eva,Vos,C,8.7E+17,1,another.eva@example.org,',
      ',Evalien,Voskuil,C,8.7E+17,1,,',
      ',Eva,Bos,C,8.7E+17,1,,',
    ];
    await load(...rows);
    await erase(id);
    expect(await remainingRows()).toEqual(rows);
  });

  it('deletes the report rows about a customer who was deleted before, found by the data of the former record', async () => {
    const id = await register(person('Wilhelmus', 'Vergeten', '55'));
    await load(
      'Wilhelmus,Vergeten,X,8.7E+17,1,wv@x.org',
      ',Wilhelmus,Vergeten,X,8.7E+17,1,wv@x.org,',
      '9,Jan,Bos,X,1,9,,',
    );
    await remove(id);
    await load(`${id},Wilhelmus,Vergeten,X,55,1,wv@x.org,`, ',Wilhelmus,Vergeten,X,55,1,wv@x.org,');
    await erase(id);
    expect(await remainingRows()).toEqual(['9,Jan,Bos,X,1,9,,']);
  });

  it('matches rows in linear time, even for long cells made to be slow', async () => {
    const id = await register({ ...eva, firstName: 'a' });
    const long = ['a', 'a ', '0', '(', '.', 'a@', '-a'].map((text) => text.repeat(60_000 / text.length));
    await load(...long.map(() => ',x,vos,C,8.7E+17,1'));
    // Reports of older releases have such long rows.
    for (const [n, cell] of long.entries())
      await fixture.db
        .updateTable('importedRow')
        .set({ cells: JSON.stringify([cell, 'vos']), textKey: null })
        .where('line', '=', n + 2)
        .execute();
    const before = process.cpuUsage();
    await erase(id);
    // CPU time of this process does not depend on other load. A quadratic match would take many seconds.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(2);
  });

  it('finds report rows of older releases, which have no text key', async () => {
    const id = await register(eva);
    await load(',EVA,vos,C,8.7E+17,1,,', ',Jan,Bos,C,8.7E+17,1,,');
    await fixture.db.updateTable('importedRow').set({ textKey: null }).execute();
    await erase(id);
    expect(await remainingRows()).toEqual([',Jan,Bos,C,8.7E+17,1,,']);
  });

  it('deletes the person’s rows from a report of thousands, and keeps all others', async () => {
    const id = await register(eva);
    const rows = Array.from({ length: 4_500 }, (_, n) =>
      n % 3 === 0 ? ',Eva,Vos,C,8.7E+17,1,,' : `,Jan,Bos,C${n},8.7E+17,1,,`,
    );
    await load(...rows);
    await erase(id);
    expect(await remainingRows()).toEqual(rows.filter((row) => row.includes('Jan')));
  });

  it('also covers rows that an import writes during the erasure', async () => {
    const id = await register(eva);
    await load(',Eva,Vos,C,8.7E+17,1,,');
    await context.db.transaction().execute(async (trx) => {
      await requestErasure(trx, await lockPerson(trx, id), { erasesBytes: true });
    });
    await load(',Eva,Vos,Gouda,8.7E+17,1,,', ',E,V,C,88,9,eva@example.org,', ',Jan,Bos,C,8.7E+17,1,,');
    expect(await remainingRows()).toEqual([',Eva,Vos,C,8.7E+17,1,,', '', '', ',Jan,Bos,C,8.7E+17,1,,']);
    await erasures.complete();
    expect(await remainingRows()).toEqual(['', '', ',Jan,Bos,C,8.7E+17,1,,']);
  });

  it('also covers rows that an import writes while many other erasures wait', async () => {
    const id = await register(eva);
    await context.db.transaction().execute(async (trx) => {
      const last = { ...(await lockPerson(trx, id)), customerId: 100_000 };
      for (let customerId = 1_000; customerId < 1_100; customerId++)
        await requestErasure(trx, { customerId, connectionIds: [], record: undefined }, { erasesBytes: false });
      await requestErasure(trx, last, { erasesBytes: false });
    });
    await load(',Eva,Vos,Gouda,8.7E+17,1,,');
    expect(await remainingRows()).toEqual(['']);
  });

  it('is not undone by importing the same file again, whose report has only lines and reasons about the person', async () => {
    const [numbered, unnumbered] = [await register(eva), await register(person('Quirinus', 'Zonderling', '66'))];
    await erase(numbered);
    await erase(unnumbered);
    const rows = [
      `${numbered},Eva,Vos,Delft,77,1,,`,
      `${numbered},Eva,Vos,Delft,8.7E+17,1,,`,
      ',Quirinus,Zonderling,D,66,1,,',
    ];
    for (const onConflict of ['skip', 'fail'] as const) {
      const job = await fixture.load([header, ...rows, '', '7,Jan,Bos,Delft,1,9,,'], { onConflict });
      expect((await fixture.reportRows(job)).map(([line, , column, value]) => [line, column, value])).toEqual([
        [2, 'customerId', ''],
        [3, 'connectionId', ''],
        [4, 'connectionId', ''],
        [6, 'connectionMandate', '9'],
      ]);
    }
    const report = JSON.stringify(await fixture.db.selectFrom('importedRow').selectAll().execute());
    expect(['Eva', 'eva', 'Quirinus', 'quirinus', 'Jan'].filter((name) => report.includes(name))).toEqual(['Jan']);
  });
});
