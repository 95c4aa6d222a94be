import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openLaterThingViews, openThingViews } from './thing-views.ts';

/**
 * Changes views and kills its own process before the Nth statement that is not a query. `erase` erases document a, and writes the checkpoint;
 * `upgrade` opens the database with the columns of a later release.
 */
const [file = '', change = '', killAt = ''] = process.argv.slice(2);
let isCounting = false;
let statements = 0;
const postMessage = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
  const [{ sql }] = message as [{ sql?: string }];
  const isChange = sql !== undefined && !/^select/i.test(sql);
  if (isCounting && isChange && ++statements === Number(killAt)) process.kill(process.pid, 'SIGKILL');
  postMessage.apply(this, message);
};

if (change === 'upgrade') {
  isCounting = true;
  await (await openLaterThingViews(`sqlite:${file}`)).close();
} else {
  const { things, hasErasedBytes, close } = await openThingViews(`sqlite:${file}`);
  isCounting = true;
  await things.transact([
    { key: 'a', value: { n: 2, isErased: true }, etag: '1' },
    { key: 'new', value: { n: 2 } },
    { key: 'position:things:topic:0', value: { applied: 2 }, etag: '1' },
  ]);
  while (await hasErasedBytes()) await setImmediate();
  isCounting = false;
  await close();
}
