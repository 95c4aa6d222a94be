import { join } from 'node:path';
import { startPublishingExisting } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { killAtStatement } from './kill-at-statement.ts';

/** Publishes the customers of an older release, and kills its own process before the Nth statement to the CRM's database. */
const [folder = '', killAt = ''] = process.argv.slice(2);
const counter = killAtStatement(Number(killAt));

const runtime = createRuntime(createLog('silent', {}));
const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
counter.isCounting = true;
await startPublishingExisting({ ...runtime, db, onCommit: () => {} }).done;
