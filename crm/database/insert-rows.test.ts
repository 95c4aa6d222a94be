import type { CompiledQuery } from 'kysely';
import { expect, it } from 'vitest';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { insertRows } from './insert-rows.ts';

it('inserts the columns of rows in any order of their fields, with any text, and nothing else', async () => {
  const db = await openTestDatabase();
  const rows = [
    { connectionId: `'); DROP TABLE "connection" --`, revision: 1 },
    { revision: 2, connectionId: '`"?', note: 'not a column' },
    { connectionId: 'Zoë 🏠', revision: 3 },
  ];
  for (const query of insertRows(db, 'connection', ['connectionId', 'revision'], rows)) await db.executeQuery(query);
  expect(await db.selectFrom('connection').selectAll().orderBy('revision').execute()).toEqual([
    { connectionId: `'); DROP TABLE "connection" --`, revision: 1 },
    { connectionId: '`"?', revision: 2 },
    { connectionId: 'Zoë 🏠', revision: 3 },
  ]);
});

it('inserts no row without rows, and none of them if one is refused', async () => {
  const db = await openTestDatabase();
  expect(insertRows(db, 'connection', ['connectionId', 'revision'], [])).toEqual([]);
  const twice = [1, 2].map((revision) => ({ connectionId: '7733', revision }));
  const [query] = insertRows(db, 'connection', ['connectionId', 'revision'], twice);
  await expect(db.executeQuery(query as CompiledQuery)).rejects.toThrow();
  expect(await db.selectFrom('connection').selectAll().execute()).toEqual([]);
});
