import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { openCrmDatabase } from '../../database/index.ts';
import { importFile } from '../jobs/import-once.ts';

const mebibyte = 1024 ** 2;
/** Four times as many rows as a report lists. */
const rows = 40_000;

it('limits the database size of a report even if every row of a large file is refused', async () => {
  const folder = dataFolder();
  const file = join(folder, 'wrong.csv');
  const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
  writeFileSync(file, `${header}\n${'x,,,,,9\n'.repeat(rows)}`);
  const database = join(folder, 'crm.sqlite');
  const db = await openCrmDatabase(`sqlite:${database}`);
  const context = { ...createTestRuntime(), db, onCommit: () => {} };
  const job = await importFile(context, file, { dryRun: false, onConflict: 'skip' });
  await db.destroy();
  expect(job.refused).toBe(rows);
  expect(statSync(database).size).toBeLessThan(8 * mebibyte);
});
