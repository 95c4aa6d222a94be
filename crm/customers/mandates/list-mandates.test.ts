import { expect, it } from 'vitest';
import { openCrmDatabase } from '../../database/index.ts';
import { selectMandatesPage } from './list-mandates.ts';

it('reads a page of mandates from indexes, without sorting, wherever the page begins', async () => {
  const db = await openCrmDatabase('memory');
  const query = selectMandatesPage(db, { from: '7733', limit: 10 }).compile();
  const { rows } = await db.executeQuery<{ detail: string }>({ ...query, sql: `explain query plan ${query.sql}` });
  expect(rows).toHaveLength(3);
  for (const { detail } of rows) expect(detail).toMatch(/^SEARCH \w+ USING .*INDEX .*\(.*\)/);
});
