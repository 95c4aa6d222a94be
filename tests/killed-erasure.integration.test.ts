import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { personalDataSources } from '../crm/app.ts';
import { createErasures, listPendingErasures, registerCustomer } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { importFile } from '../crm/imports/index.ts';
import { createOrder } from '../crm/orders/change-order.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import { byHerself, quirine, traces } from './quirine.ts';
import { createTestRuntime } from './test-runtime.ts';

/** More than one batch. */
const reportRows = 250;

/** Finds which traces of the person are anywhere in the bytes of the files of the folder. */
const found = (folder: string) => {
  const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
  return traces.filter((trace) => bytes.includes(trace));
};

/** A customer whose names are in each row of a report, and in the place to which an order is delivered. */
const customerWithReport = async () => {
  const folder = dataFolder();
  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const context = { ...createTestRuntime(), db, onCommit: () => {} };
  await registerCustomer(context, quirine, byHerself);
  const order = { customerId: '1', productId: 'p1', quantity: 1, unitPrice: { amount: 1, currency: 'EUR' } };
  const place = `${quirine.lastName}, ${quirine.city}`;
  await createOrder(context, { data: { ...order, expectedDeliveryDate: '2026-12-24' }, place });
  const file = join(dataFolder(), 'report.csv');
  const row = `${quirine.firstName},${quirine.lastName},Venlo,8.7E+17,1\n`;
  writeFileSync(file, `firstName,lastName,city,connectionId,connectionMandate\n${row.repeat(reportRows)}`);
  const job = await importFile(context, file, { dryRun: false, onConflict: 'skip' });
  expect(job.refused).toBe(reportRows);
  await db.destroy();
  return folder;
};

it('an erasure killed before any of its statements has happened as a whole, or is completed by the next start', async () => {
  const template = await customerWithReport();
  const killAt = async (statement: number) => {
    const folder = dataFolder();
    cpSync(template, folder, { recursive: true });
    const args = [...programWords('tests/erase-until-killed.ts'), folder, String(statement)];
    const end = await startProgram(process.execPath, args, {}).ended;
    const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
    const isCommitted = (await db.selectFrom('erasedCustomer').selectAll().execute()).length > 0;
    const left = await listPendingErasures(db);
    await createErasures({ db, sources: personalDataSources }).complete();
    expect(await listPendingErasures(db)).toEqual([]);
    expect(await db.selectFrom('customer').selectAll().execute()).toHaveLength(isCommitted ? 0 : 1);
    expect(await db.selectFrom('importedRow').selectAll().execute()).toHaveLength(isCommitted ? 0 : reportRows);
    await db.destroy();
    if (isCommitted) expect(found(folder)).toEqual([]);
    else expect(found(folder)).not.toEqual([]);
    return { end, isResumed: left.length > 0 };
  };

  let resumed = 0;
  for (let statement = 1, isWhole = false; !isWhole; statement += 2)
    for (const { end, isResumed } of await Promise.all([killAt(statement), killAt(statement + 1)])) {
      if (isResumed) resumed++;
      if (end === 0) isWhole = true;
      else expect(end).toBe('SIGKILL');
    }
  expect(resumed).toBeGreaterThan(5);
});
