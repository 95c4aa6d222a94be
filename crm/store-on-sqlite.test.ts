import { join } from 'node:path';
import { describe } from 'vitest';
import { storeTests, useTestDatabase } from '../tests/crm-database.ts';
import { dataFolder } from '../tests/platform-process.ts';
import { openCrmDatabase } from './database/index.ts';

useTestDatabase(() => openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`));

/** Threads and locks are what a file adds to a database in memory, so only the tests of what transactions write run on both. */
const tests = storeTests.filter((file) =>
  /crm.(database|outbox|customers.change|imports.jobs|orders.(change-order|execute-once|event-store))/.test(file),
);

// In a worker without isolation a file may be imported already; the query makes it another module, which registers its tests again.
describe.each(tests)('on a SQLite file: %s', async (file) => void (await import(`${file}?sqlite`)));
