import { describe, onTestFinished } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { openThingViews } from '../../tests/thing-views.ts';
import { stateStoreContract } from '../projections/state-store.contract.ts';
import { viewDatabaseContract } from './view-database.contract.ts';

const fileUrl = async () => `sqlite:${dataFolder()}/views.sqlite` as const;

describe.each([
  ['in memory', async () => 'memory' as const],
  ['in a file', fileUrl],
])('the state store on a SQLite database %s', (_, createUrl) => {
  stateStoreContract(async () => {
    const views = await openThingViews(await createUrl());
    onTestFinished(views.close);
    return views.things;
  });
});

describe('a view database in a SQLite file', () => viewDatabaseContract(fileUrl));
