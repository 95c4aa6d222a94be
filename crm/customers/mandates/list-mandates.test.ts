import { expect, it } from 'vitest';
import { openCrmDatabase } from '../../database/index.ts';
import { selectMandatesPage } from './list-mandates.ts';

it('a page of mandates is looked up in indexes wherever it begins, and nothing is sorted', async () => {
  const db = await openCrmDatabase('memory');
  const query = selectMandatesPage(db, { from: '7733', limit: 10 }).compile();
  const { rows } = await db.executeQuery<{ detail: string }>({ ...query, sql: `explain query plan ${query.sql}` });
  expect(rows).toHaveLength(3);
  for (const { detail } of rows) expect(detail).toMatch(/^SEARCH \w+ USING .*INDEX .*\(.*\)/);
});
