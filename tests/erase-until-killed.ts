import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { personalDataSources } from '../crm/app.ts';
import { createErasures, erasePerson } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';

/** Erases customer 1 and kills its own process before the Nth statement. */
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
await erasePerson({ ...runtime, db, onCommit: () => {} }, createErasures({ db, sources: personalDataSources }), '1');
