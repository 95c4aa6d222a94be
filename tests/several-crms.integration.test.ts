import { join } from 'node:path';
import { it } from 'vitest';
import { dataFolder } from './platform-process.ts';
import { changeCustomersOnTwoCrms } from './several-crms.ts';

it('two CRMs on one SQLite file give no id twice and overwrite nothing unseen', () =>
  changeCustomersOnTwoCrms(`sqlite:${join(dataFolder(), 'crm.sqlite')}`));
