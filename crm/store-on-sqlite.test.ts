import { join } from 'node:path';
import { describe } from 'vitest';
import { storeTests, useTestDatabase } from '../tests/crm-database.ts';
import { dataFolder } from '../tests/platform-process.ts';
import { openCrmDatabase } from './database/index.ts';

useTestDatabase(() => openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`));

// In a worker without isolation a file may be imported already; the query makes it another module, which registers its tests again.
describe.each(storeTests)('on a SQLite file: %s', async (file) => void (await import(`${file}?sqlite`)));
