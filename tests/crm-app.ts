import request from 'supertest';
import { onTestFinished } from 'vitest';
import type { MandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { createCrmApp } from '../crm/app.ts';
import { registerCustomer } from '../crm/customers/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { type OutboxProgress, watchOutbox } from '../crm/outbox/index.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { openTestDatabase } from './crm-database.ts';
import { corinne } from './lab-customers.ts';
import { dataFolder } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';
import { readWaiting } from './waiting-events.ts';

/** Watches the outbox until the test has finished. */
export const watchTestOutbox = (context: Parameters<typeof watchOutbox>[0]): OutboxProgress => {
  const outbox = watchOutbox(context);
  onTestFinished(outbox.close);
  return outbox;
};

/** Creates the CRM's routes on a database with one customer, Corinne, whose id is 1. The outbox is empty. */
export const createCrmWithCorinne = async () => {
  const runtime = createTestRuntime();
  const db = await openTestDatabase();
  const context = { ...runtime, db, onCommit: () => {} };
  await registerCustomer(context, { ...corinne, connectionMandate: '1', email: 'corinne@example.org', phone: null });
  await db.deleteFrom('outbox').execute();
  const bus = openEmbeddedPlatform(':memory:', []).eventBus('crm');
  const outbox = watchTestOutbox(context);
  const imports = createImportQueue(context, dataFolder());
  return {
    http: request(createCrmApp({ ...context, bus, isDurable: false, imports, outbox })),
    db,
    setClock: runtime.setClock,
    /** Connection, mandate and revision of each mandate event in the outbox. */
    waitingMandates: async () => {
      const waiting = await readWaiting<MandateChangedEvent>(db, topics.connectionMandates);
      return waiting.map(({ event }) => [
        event?.data.connectionId,
        event?.data.connectionMandate,
        Number(event?.sequence),
      ]);
    },
  };
};
