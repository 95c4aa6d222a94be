import { expect, it } from 'vitest';
import { createInMemoryLog } from '../../../tests/log-in-memory.ts';
import { thingRecord, things } from '../../../tests/things.ts';
import { openEmbeddedPlatform } from '../../embedded/platform.ts';
import { parseBatch } from '../apply/parse-batch.ts';
import { createProjectionWriter } from '../apply/write.ts';
import { createStores } from '../generations/stores.ts';
import { openView } from '../view.ts';
import { RebuildRefused } from './context.ts';
import { rebuild } from './rebuild.ts';

const record = (offset: number, key: string, timestamp: number) => ({
  ...thingRecord({ key, n: offset }, 0, offset),
  timestamp,
});

it('a view whose log was replaced is not rebuilt from the log alone, because events that only the view has would be lost', async () => {
  const log = createInMemoryLog([
    { begin: 0, end: 2, records: [record(0, 'A', 1), record(1, 'B', 1)] },
    { begin: 0, end: 0, records: [] },
  ]);
  const store = openEmbeddedPlatform(':memory:', []).stateStore('store');
  const stores = createStores({ store });
  const write = createProjectionWriter(things, { stores, newId: () => 'id', log });
  const deliverAll = () => parseBatch(things, log.partitions[0]?.records ?? []).then(write);
  await deliverAll();
  log.partitions[0] = { begin: 0, end: 2, records: [record(0, 'A', 9), record(1, 'A', 9)] };
  await deliverAll();
  const context = {
    projection: things,
    log,
    stores,
    primaryStore: 'store',
    toDisplayValue: (thing: unknown) => JSON.stringify(thing ?? null),
    now: () => 0,
    holder: 'a test',
    report: () => {},
    progress: { begin: () => {}, advance: () => {}, end: () => {} },
    pointerExpiryMs: 0,
    recheckAfterMs: 0,
  };
  const outcome = rebuild(context, { inPlace: false, acceptDifferences: false });
  await expect(outcome).rejects.toThrow(RebuildRefused);
  await expect(outcome).rejects.toThrow('npm run rebuild -- --from-crm');
  expect(await openView(things, store).completeness()).toMatchObject({
    state: 'incomplete',
    generation: { number: 1 },
  });
});
