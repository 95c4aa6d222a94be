import { describe } from 'vitest';
import { storeTests, useTestDatabase } from '../tests/crm-database.ts';
import { crmColumns, emptyCrmDatabase, emptyCrmTables } from '../tests/stack/fresh.ts';
import { stackReady } from '../tests/stack/stack.ts';
import { openCrmDatabase } from './database/index.ts';

const ready = await stackReady();

/** The tables as they are migrated; a test may have dropped one. */
let migrated: string | undefined;
useTestDatabase(async () => {
  const isWhole = migrated !== undefined && migrated === (await crmColumns());
  const db = await openCrmDatabase(isWhole ? await emptyCrmTables() : await emptyCrmDatabase());
  migrated ??= await crmColumns();
  return db;
});

describe.runIf(ready).each(storeTests)('on MySQL or MariaDB: %s', async (file) => void (await import(file)));
