import { join } from 'node:path';
import { it } from 'vitest';
import { dataFolder } from './platform-process.ts';
import { changeCustomersOnTwoCrms } from './several-crms.ts';

it('two CRMs on one SQLite file assign no id twice and lose no update', () =>
  changeCustomersOnTwoCrms(`sqlite:${join(dataFolder(), 'crm.sqlite')}`));
