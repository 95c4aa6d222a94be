import { expect, it } from 'vitest';
import { purgeDeletedBytes } from '../../packages/database/purge-deleted-bytes.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';

it('continues to write after a refused row and after the deleted bytes were purged', async () => {
  const db = await openTestDatabase();
  const write = (connectionId: string) => db.insertInto('connection').values({ connectionId, revision: 1 }).execute();
  await write('77');
  await expect(write('77')).rejects.toThrow();
  await write('78');
  await db.deleteFrom('connection').where('connectionId', '=', '77').execute();
  await purgeDeletedBytes(db);
  await write('77');
  const rows = await db.selectFrom('connection').select('connectionId').orderBy('connectionId').execute();
  expect(rows.map(({ connectionId }) => connectionId)).toEqual(['77', '78']);
});
