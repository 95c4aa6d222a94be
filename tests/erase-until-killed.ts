import { join } from 'node:path';
import { personalDataSources } from '../crm/app.ts';
import { createErasures, erasePerson } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { killAtStatement } from './kill-at-statement.ts';

/** Erases customer 1 and kills its own process before the Nth statement. */
const [folder = '', killAt = ''] = process.argv.slice(2);
const counter = killAtStatement(Number(killAt));

const runtime = createRuntime(createLog('silent', {}));
const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
counter.isCounting = true;
await erasePerson({ ...runtime, db, onCommit: () => {} }, createErasures({ db, sources: personalDataSources }), '1');
