import { describe, onTestFinished } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { openThingViews } from '../../tests/thing-views.ts';
import { withKeyPrefix } from '../projections/key-prefix.ts';
import { stateStoreContract } from '../projections/state-store.contract.ts';

describe.each([['memory'], ['a file']])('the state store on a view database in %s', (where) => {
  stateStoreContract(async () => {
    const views = await openThingViews(where === 'memory' ? 'memory' : `sqlite:${dataFolder()}/views.sqlite`);
    onTestFinished(views.close);
    return withKeyPrefix(views.store, 'things/');
  });
});
