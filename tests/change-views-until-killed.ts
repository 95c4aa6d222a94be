import { setImmediate } from 'node:timers/promises';
import { killAtStatement } from './kill-at-statement.ts';
import { openLaterThingViews, openThingViews } from './thing-views.ts';

/**
 * Changes views and kills its own process before the Nth statement that is not a query. `erase` erases document a, and writes the checkpoint;
 * `upgrade` opens the database with the columns of a later release.
 */
const [file = '', change = '', killAt = ''] = process.argv.slice(2);
const counter = killAtStatement(Number(killAt), ({ sql }) => sql !== undefined && !/^select/i.test(sql));

if (change === 'upgrade') {
  counter.isCounting = true;
  await (await openLaterThingViews(`sqlite:${file}`)).close();
} else {
  const { things, hasErasedBytes, close } = await openThingViews(`sqlite:${file}`);
  counter.isCounting = true;
  await things.transact([
    { key: 'a', value: { n: 2, isErased: true }, etag: '1' },
    { key: 'new', value: { n: 2 } },
    { key: 'position:things:topic:0', value: { applied: 2 }, etag: '1' },
  ]);
  while (await hasErasedBytes()) await setImmediate();
  counter.isCounting = false;
  await close();
}
