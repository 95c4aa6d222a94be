import { describe } from 'vitest';
import { storeTests, useTestDatabase } from '../tests/crm-database.ts';
import { emptyCrmDatabase, emptyCrmTables, readCrmColumns } from '../tests/stack/fresh.ts';
import { isStackReady } from '../tests/stack/stack.ts';
import { openCrmDatabase } from './database/index.ts';

const ready = await isStackReady();

/** The columns right after the migrations. A test may drop a table; then the database is migrated again. */
let migrated: string | undefined;
useTestDatabase(async () => {
  const isWhole = migrated !== undefined && migrated === (await readCrmColumns());
  const db = await openCrmDatabase(isWhole ? await emptyCrmTables() : await emptyCrmDatabase());
  migrated ??= await readCrmColumns();
  return db;
});

describe.runIf(ready).each(storeTests)('on MySQL or MariaDB: %s', async (file) => void (await import(file)));
