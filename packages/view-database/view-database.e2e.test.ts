import { describe, onTestFinished } from 'vitest';
import { emptyCrmDatabase } from '../../tests/stack/fresh.ts';
import { isStackReady } from '../../tests/stack/stack.ts';
import { openThingViews } from '../../tests/thing-views.ts';
import { stateStoreContract } from '../projections/state-store.contract.ts';
import { viewDatabaseContract } from './view-database.contract.ts';

describe.runIf(await isStackReady())('on MySQL or MariaDB', () => {
  describe('the state store', () =>
    stateStoreContract(async () => {
      const views = await openThingViews(await emptyCrmDatabase());
      onTestFinished(views.close);
      return views.things;
    }));

  describe('a view database', () => viewDatabaseContract(emptyCrmDatabase));
});
