import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { createJob, findJob } from '../imports/index.ts';
import { customersConnectionsOutbox } from './migrations/0001-customers-connections-outbox.ts';
import { contactsEvidenceLease } from './migrations/0002-contacts-evidence-lease.ts';
import { customerLists } from './migrations/0004-customer-lists.ts';
import { importQuotas } from './migrations/0009-import-quotas.ts';
import { openCrmDatabase } from './open-database.ts';

let revision = 0;

const everyTable = ['importedFile', 'mandateChange', 'outbox', 'connection', 'customer', 'relayLease'] as const;

it('gives customers of an older schema times, a version and evidence of the mandate in force', async () => {
  const db = await openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`);
  for (const table of everyTable) await db.schema.dropTable(table).execute();
  const older = db.withTables<never>() as never;
  await customersConnectionsOutbox.up(older);
  const eva = { firstName: 'Eva', lastName: 'Vos', city: 'Delft', connectionId: '77', connectionMandate: '1' } as const;
  await db
    .insertInto('customer')
    .values(eva as never)
    .execute();
  await db.insertInto('connection').values({ connectionId: '77', revision: 5_000 }).execute();

  // The migration runs twice, because one that was killed half-way runs again.
  for (const _ of [1, 2]) await contactsEvidenceLease.up(older);
  const contacts = { email: null, phone: null, createdAt: 5_000, updatedAt: 5_000, version: 1 };
  expect(await db.selectFrom('customer').selectAll().execute()).toEqual([{ ...eva, ...contacts, customerId: 1 }]);
  const evidence = { changedAt: 5_000, changedBy: null, channel: null, reference: null };
  expect(await db.selectFrom('mandateChange').selectAll().execute()).toEqual([
    { ...evidence, customerId: 1, connectionId: '77', connectionMandate: '1', revision: 5_000 },
  ]);
  await db.destroy();
});

it('gives customers of an older schema folded search keys', async () => {
  const db = await openCrmDatabase('memory');
  const at = { createdAt: 1, updatedAt: 1, version: 1 };
  const zoe = { firstName: 'Zoë', lastName: 'Müller', city: '’s-Hertogenbosch', connectionId: '78' };
  const older = { ...zoe, ...at, connectionMandate: '1', nameKey: '', cityKey: '' } as const;
  await db.insertInto('customer').values(older).execute();
  for (const _ of [1, 2]) await customerLists.up(db.withTables<never>() as never);
  expect(await db.selectFrom('customer').select(['nameKey', 'cityKey']).execute()).toEqual([
    { nameKey: 'muller zoe', cityKey: 's hertogenbosch' },
  ]);
  await db.destroy();
});

it('counts all rows of older reports as listed, and records the file references of older evidence', async () => {
  const db = await openCrmDatabase('memory');
  const file = { importId: 'old', fileName: 'a.csv', digest: 'd', bytes: 1, lines: 1, columns: [], createdAt: 1 };
  await createJob(db, file, { dryRun: false, onConflict: 'skip' });
  await db.updateTable('importJob').set({ refused: 200_000, skipped: 3 }).execute();
  const evidence = { customerId: 1, connectionMandate: '1', changedAt: 1, changedBy: null } as const;
  const reference = 'a.csv sha256:0123456789abcdef';
  for (const [channel, text] of [
    ['csv-import', reference],
    ['csv-import', reference],
    ['api', 'letter 12'],
    ['csv-import', null],
  ] as const)
    await db
      .insertInto('mandateChange')
      .values({ ...evidence, connectionId: '77', revision: ++revision, channel, reference: text })
      .execute();
  for (const _ of [1, 2]) await importQuotas.up(db.withTables<never>() as never);
  expect(await findJob(db, 'old')).toMatchObject({ listedRefused: 200_000, listedSkipped: 3, refusedBytes: 0 });
  expect(await db.selectFrom('importReference').selectAll().execute()).toEqual([{ reference }]);
  await db.destroy();
});
