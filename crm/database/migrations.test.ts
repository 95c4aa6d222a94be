import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { customersConnectionsOutbox } from './migrations/0001-customers-connections-outbox.ts';
import { contactsEvidenceLease } from './migrations/0002-contacts-evidence-lease.ts';
import { customerLists } from './migrations/0004-customer-lists.ts';
import { openCrmDatabase } from './open-database.ts';

const everyTable = ['importedFile', 'mandateChange', 'outbox', 'connection', 'customer', 'relayLease'] as const;

it('customers of an older version get times, a version and the evidence of what is in force', async () => {
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

  // Twice: a migration that was killed half-way is run again.
  for (const _ of [1, 2]) await contactsEvidenceLease.up(older);
  const contacts = { email: null, phone: null, createdAt: 5_000, updatedAt: 5_000, version: 1 };
  expect(await db.selectFrom('customer').selectAll().execute()).toEqual([{ ...eva, ...contacts, customerId: 1 }]);
  const evidence = { changedAt: 5_000, changedBy: null, channel: null, reference: null };
  expect(await db.selectFrom('mandateChange').selectAll().execute()).toEqual([
    { ...evidence, customerId: 1, connectionId: '77', connectionMandate: '1', revision: 5_000 },
  ]);
  await db.destroy();
});

it('customers of an older version can be looked for as people do', async () => {
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
