import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { onTestFinished } from 'vitest';
import { type CrmDatabase, openCrmDatabase } from '../crm/database/index.ts';
import { root } from './platform-process.ts';

let open = () => openCrmDatabase('memory');

/** An empty database for the test that runs, closed when it has finished. */
export const openTestDatabase = async (): Promise<Kysely<CrmDatabase>> => {
  const db = await open();
  onTestFinished(() => db.destroy());
  return db;
};

/** The tests of this test file that open a database get this one, which must be empty each time. */
export const useTestDatabase = (another: typeof open): void => {
  open = another;
};

/** Every file of tests that runs on whichever database there is. */
export const storeTests: string[] = readdirSync(join(root, 'crm'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(root, 'crm', file))
  .filter((file) =>
    /(openTestDatabase|createCrmWithCorinne|createImportFixture|createCrmWithImports)\(/.test(
      readFileSync(file, 'utf8'),
    ),
  );
