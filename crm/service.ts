import { join } from 'node:path';
import type { Logger } from 'pino';
import { withPatience } from '../packages/database/sqlite-dialect.ts';
import { filesOpenToOthers, logNarrowed } from '../packages/database/sqlite-file.ts';
import { listen } from '../packages/http/listen.ts';
import type { Service } from '../packages/platform/service.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import { ConfigError } from '../packages/runtime/config-error.ts';
import { DomainError } from '../packages/runtime/domain-error.ts';
import type { Runtime } from '../packages/runtime/runtime.ts';
import { crmApp, personalData } from './app.ts';
import type { CrmConfig } from './config.ts';
import { type CustomerChanges, createErasures } from './customers/index.ts';
import { openCrmDatabase, sqliteFileOf } from './database/index.ts';
import { importOnce, importQueue, logImport } from './imports/index.ts';
import { startRelay, watchOutbox } from './outbox/index.ts';
import { startRetentionJob } from './retention-job.ts';

const flushForMs = 5_000;
/** A request waits no longer than this for another transaction, and then says so. */
const requestPatienceMs = 150;

/** Opens the database, loads the CSV, answers requests, and publishes what the outbox holds. */
export const startCrm = async (
  config: CrmConfig,
  runtime: Runtime & { bus: EventBus },
): Promise<Service & { url: string }> => {
  const { log } = runtime;
  const durable = config.databaseUrl !== 'memory';
  const wide = filesOpenToOthers(sqliteFileOf(config.databaseUrl) ?? '');
  const db = await openCrmDatabase(config.databaseUrl, (migration) => durable && log.info({ migration }, 'migrating'));
  logNarrowed(log, wide);
  if (!durable)
    log.warn(
      'customers and revisions are kept in memory: nothing survives a stop, and after a restart with a clock that is behind ' +
        'the views ignore what is published (CRM_DATABASE_URL keeps them in a file or in MySQL)',
    );
  const relay = startRelay({ ...runtime, db });
  const outbox = watchOutbox({ ...runtime, db });
  const changes = { ...runtime, db, committed: () => relay.wake() };
  const forgetting = startRetentionJob({ ...runtime, db });
  const erasures = createErasures({ db, log, sources: personalData });
  const imports = importQueue(changes, join(config.dataDir, 'imports', String(config.port)));
  const close = async () => {
    await imports.close();
    await forgetting.close();
    await erasures.close();
    await outbox.close();
    await relay.close(flushForMs);
    await db.destroy();
  };
  try {
    if (config.customersCsv !== undefined) await loadCustomers(changes, config.customersCsv, log);
    await imports.resume();
    // What a process before us has left; it says itself what fails.
    void erasures.complete().catch(() => {});
    const requests = { ...changes, db: withPatience(db, requestPatienceMs) };
    const app = crmApp({
      ...requests,
      access: config.access,
      durable,
      imports,
      outbox,
      erasures,
      instance: relay.holder,
    });
    const server = await listen(app, { ...config, variable: 'APP_PORT' });
    log.info({ url: server.url }, 'CRM listens');
    return { url: server.url, close: () => server.close().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
};

const loadCustomers = async (changes: CustomerChanges, file: string, log: Logger) => {
  const job = await importOnce(changes, file).catch((error) => {
    if (error instanceof DomainError) throw new ConfigError(`CUSTOMERS_CSV: ${file}: ${error.message}`);
    throw error;
  });
  if (!job) return log.info('the file of CUSTOMERS_CSV was loaded before');
  await logImport(changes.db, job, log);
};
