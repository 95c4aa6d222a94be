import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { useViewDatabase } from '../tests/customer-view-app.ts';
import { emptyCrmDatabase } from '../tests/stack/fresh.ts';
import { isStackReady } from '../tests/stack/stack.ts';

const folder = import.meta.dirname;
const viewTests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && !file.endsWith('.e2e.test.ts'))
  .map((file) => join(folder, file))
  .filter((file) => readFileSync(file, 'utf8').includes('openCustomerView('));

useViewDatabase(emptyCrmDatabase);

describe.runIf(await isStackReady()).each(viewTests)(
  'on MySQL or MariaDB: %s',
  async (file) => void (await import(file)),
);
