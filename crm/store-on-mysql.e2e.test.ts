import { describe } from 'vitest';
import { storeTests, useTestDatabase } from '../tests/crm-database.ts';
import { crmColumns, emptyCrmDatabase, emptyCrmTables } from '../tests/stack/fresh.ts';
import { stackReady } from '../tests/stack/stack.ts';
import { openCrmDatabase } from './database/index.ts';

const ready = await stackReady();

/** The columns right after the migrations. A test may drop a table; then the database is migrated again. */
let migrated: string | undefined;
useTestDatabase(async () => {
  const isWhole = migrated !== undefined && migrated === (await crmColumns());
  const db = await openCrmDatabase(isWhole ? await emptyCrmTables() : await emptyCrmDatabase());
  migrated ??= await crmColumns();
  return db;
});

describe.runIf(ready).each(storeTests)('on MySQL or MariaDB: %s', async (file) => void (await import(file)));
