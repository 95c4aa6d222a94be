import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import { createCrmWithImports } from '../../../tests/crm-with-imports.ts';
import { eventually } from '../../../tests/eventually.ts';
import { removeImport } from './remove-report.ts';

const throwUnavailable = () => {
  throw new TransientDatabaseError('database-away', new Error('gone'));
};
const newCustomers = (count: number) => Array.from({ length: count }, (_, n) => `${n + 1},F,L,C,${1000 + n},1`);

describe('DELETE /imports/ID', () => {
  it('removes the report with its rows, keeps other reports, and is 404 the second time', async () => {
    const { http, post, waitUntilFinished, db } = await createCrmWithImports();
    const ids = [];
    for (const _ of [1, 2]) {
      const rows = Array.from({ length: 2_500 }, (_, n) => `x,F,L,C,${n},1`);
      const { body } = await post('/imports', '1,Eva,Vos,Delft,77,1', ...rows).expect(202);
      await waitUntilFinished(`/imports/${body.importId}`);
      ids.push(body.importId);
    }
    await http.delete(`/imports/${ids[0]}`).expect(204);
    await http.get(`/imports/${ids[0]}`).expect(404);
    await http.delete(`/imports/${ids[0]}`).expect(404);
    const left = await db.selectFrom('importedRow').select('importId').distinct().execute();
    expect(left).toEqual([{ importId: ids[1] }]);
    await http.get('/customers/1').expect(200);
    const { body } = await http.get('/customers/1/mandate-history').expect(200);
    expect(body.items).toMatchObject([{ channel: 'csv-import', reference: expect.stringContaining('sha256:') }]);
  });

  it('is 404 for an unknown import', async () => {
    const { http } = await createCrmWithImports();
    await http.delete('/imports/none').expect(404);
  });

  it('stops a running import between two transactions, and its imported customers stay', async () => {
    let transactions = 0;
    let removing: Promise<unknown> | undefined;
    let path = '';
    const crm = await createCrmWithImports({}, () => {
      if (path !== '' && ++transactions === 3) removing = crm.http.delete(path).expect(204).then();
    });
    const { http, post, db, folder } = crm;
    const rows = newCustomers(20_000);
    const started = await post('/imports', ...rows).expect(202);
    path = String(started.headers.location);
    await eventually(() => expect(removing).toBeDefined());
    await removing;
    await http.get(path).expect(404);
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
    const count = async (table: 'customer' | 'mandateChange') =>
      (await db.selectFrom(table).select('customerId').execute()).length;
    const imported = await count('customer');
    expect(imported).toBeGreaterThan(0);
    expect(imported).toBeLessThan(rows.length);
    expect(await count('mandateChange')).toBe(imported);
    const next = await post('/imports', '30000,Eva,Vos,Delft,99999,1').expect(202);
    expect(await crm.waitUntilFinished(`/imports/${next.body.importId}`)).toMatchObject({
      state: 'finished',
      created: 1,
    });
  });

  it('deletes the file of a waiting import, which is never imported', async () => {
    let isUnavailable = true;
    const { http, post, waitUntilFinished, folder } = await createCrmWithImports({}, () =>
      isUnavailable ? throwUnavailable() : undefined,
    );
    const first = await post('/imports', '1,Eva,Vos,Delft,77,1').expect(202);
    const second = await post('/imports', '2,Jan,Bos,Delft,78,1').expect(202);
    expect(readdirSync(folder)).toHaveLength(2);
    await http.delete(`/imports/${second.body.importId}`).expect(204);
    expect(readdirSync(folder)).toEqual([`${first.body.importId}.csv`]);
    isUnavailable = false;
    await waitUntilFinished(`/imports/${first.body.importId}`);
    const third = await post('/imports', '3,Jan,Bos,Delft,79,1').expect(202);
    await waitUntilFinished(`/imports/${third.body.importId}`);
    await http.get('/customers/2').expect(404);
  });

  it('stops an import of another process, which then deletes the file', async () => {
    let isUnavailable = true;
    let attempts = 0;
    const { http, post, folder, db } = await createCrmWithImports({}, () => {
      if (!isUnavailable) return;
      attempts++;
      throwUnavailable();
    });
    const { body } = await post('/imports', '1,Eva,Vos,Delft,77,1').expect(202);
    // The retry backoff grows: after three attempts it is 0.8 s, in which the other process removes the import.
    await eventually(() => expect(attempts).toBe(3));
    await removeImport(db, body.importId, 0);
    expect(readdirSync(folder)).toHaveLength(1);
    isUnavailable = false;
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
    await http.get(`/imports/${body.importId}`).expect(404);
  });
});
