import { join } from 'node:path';
import { describe } from 'vitest';
import { storeTests, useTestDatabase } from '../tests/crm-database.ts';
import { dataFolder } from '../tests/platform-process.ts';
import { openCrmDatabase } from './database/index.ts';

useTestDatabase(() => openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`));

/** Threads and locks are what a file adds to a database in memory. Most of the other tests check requests and reports. */
const tests = storeTests.filter(
  (file) => !/routes|operation|problem-size|imports.(report|personal-data|receive)/.test(file),
);

// In a worker without isolation a file may be imported already; the query makes it another module, which registers its tests again.
describe.each(tests)('on a SQLite file: %s', async (file) => void (await import(`${file}?sqlite`)));
