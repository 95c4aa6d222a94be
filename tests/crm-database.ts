import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { afterAll, onTestFinished } from 'vitest';
import { type CrmDatabase, openCrmDatabase } from '../crm/database/index.ts';
import { root } from './platform-process.ts';

let open = () => openCrmDatabase('memory');

/** Opens an empty database for the current test, and closes it when the test has finished. */
export const openTestDatabase = async (): Promise<Kysely<CrmDatabase>> => {
  const db = await open();
  onTestFinished(() => db.destroy());
  return db;
};

/** Makes `openTestDatabase` use another database in the current test file. `another` must open an empty one each time. */
export const useTestDatabase = (another: typeof open): void => {
  const previous = open;
  open = another;
  // Without isolation the next test file in this worker shares this module.
  afterAll(() => {
    open = previous;
  });
};

/** All test files that open a test database. They run on each kind of database. */
export const storeTests: string[] = readdirSync(join(root, 'crm'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(root, 'crm', file))
  .filter((file) =>
    /(openTestDatabase|createCrmWithCorinne|createImportFixture|createCrmWithImports)\(/.test(
      readFileSync(file, 'utf8'),
    ),
  );
