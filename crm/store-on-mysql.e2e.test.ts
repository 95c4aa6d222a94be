import { describe } from 'vitest';
import { storeTests, testOn } from '../tests/crm-database.ts';
import { emptyCrmDatabase } from '../tests/stack/fresh.ts';
import { stackReady } from '../tests/stack/stack.ts';
import { openCrmDatabase } from './database/open-database.ts';

const ready = await stackReady();

testOn(async () => openCrmDatabase(await emptyCrmDatabase()));

describe.runIf(ready).each(storeTests)('on MySQL or MariaDB: %s', async (file) => void (await import(file)));
