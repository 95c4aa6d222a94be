import { writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { topics } from '../contracts/topics.ts';
import { replaceCustomer } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { startRelay } from '../crm/outbox/index.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { createLog } from '../packages/runtime/log.ts';
import { createRuntime } from '../packages/runtime/runtime.ts';
import { killAtStatement } from './kill-at-statement.ts';
import { corinne } from './lab-customers.ts';

/**
 * Moves customer 7 to another connection, relays the events, and kills itself before its Nth statement to the CRM's
 * database or the log.
 */
const [folder = '', killAt = '', leaseMs = ''] = process.argv.slice(2);
const counter = killAtStatement(Number(killAt));

// The log runs its statements in this thread.
const prepare = Database.prototype.prepare;
const countStatements = function (this: Database.Database, text: string) {
  const statement = prepare.call(this, text);
  for (const name of ['run', 'all'] as const) {
    const execute = statement[name].bind(statement) as (...values: unknown[]) => never;
    statement[name] = (...values: unknown[]) => {
      counter.count({});
      return execute(...values);
    };
  }
  return statement;
};
Database.prototype.prepare = countStatements as typeof prepare;

const runtime = createRuntime(createLog('silent', {}));
const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
const bus = openEmbeddedPlatform(join(folder, 'platform.sqlite'), Object.values(topics)).eventBus('crm');
counter.isCounting = true;
const moved = { ...corinne, connectionId: '9001', connectionMandate: '2', email: null, phone: null } as const;
await replaceCustomer({ ...runtime, db, onCommit: () => {} }, '7', moved);
writeSync(1, 'acknowledged');
await startRelay({ ...runtime, db, bus, leaseMs: Number(leaseMs) }).close(5_000);
writeSync(1, ` after ${counter.statements} statements`);
