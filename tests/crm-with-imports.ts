import { join } from 'node:path';
import request from 'supertest';
import { expect, onTestFinished } from 'vitest';
import { createCrmApp } from '../crm/app.ts';
import { createImportQueue, type QueueLimits } from '../crm/imports/index.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { watchTestOutbox } from './crm-app.ts';
import { openTestDatabase } from './crm-database.ts';
import { eventually } from './eventually.ts';
import { dataFolder } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';

export const importHeader = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
const bus = openEmbeddedPlatform(':memory:', []).eventBus('crm');

/** Creates the CRM's routes on an empty database, with background imports. `onCommit` is called after each transaction. */
export const createCrmWithImports = async (limits: Partial<QueueLimits> = {}, onCommit = () => {}) => {
  const db = await openTestDatabase();
  const folder = join(dataFolder(), 'imports');
  let now = 0;
  const runtime = { ...createTestRuntime(), db, onCommit, clock: () => now };
  // A test of a cut-off upload must not pass because the upload is too slow.
  const noPace = { bytes: 1, everyMs: 60 * 60 * 1_000 };
  const imports = createImportQueue(runtime, folder, { pace: noPace, ...limits });
  const app = createCrmApp({ ...runtime, bus, isDurable: true, imports, outbox: watchTestOutbox(runtime) });
  const http = request(app);
  onTestFinished(() => imports.close());
  const post = (path: string, ...lines: string[]) =>
    http
      .post(path)
      .set('Content-Type', 'text/csv')
      .send([importHeader, ...lines].join('\n'));
  const waitUntilFinished = (path: string) =>
    eventually(async () => {
      const { body } = await http.get(path).expect(200);
      expect(body.finishedAt).not.toBeNull();
      return body;
    });
  const advanceClock = (ms: number) => {
    now += ms;
  };
  return { app, http, post, waitUntilFinished, folder, imports, db, runtime, advanceClock };
};
