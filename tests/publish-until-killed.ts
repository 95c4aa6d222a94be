import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startPublishingExisting } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';

/** Publishes the customers of an older release, and kills its own process before the Nth statement to the CRM's database. */
const [folder = '', killAt = ''] = process.argv.slice(2);
let counting = false;
let statements = 0;
const postMessage = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
  if (counting && ++statements === Number(killAt)) process.kill(process.pid, 'SIGKILL');
  postMessage.apply(this, message);
};

const runtime = createRuntime(createLog('silent', {}));
const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
counting = true;
await startPublishingExisting({ ...runtime, db, onCommit: () => {} }).done;
