import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { topics } from '../contracts/topics.ts';
import { sqliteFileOf } from '../packages/database/database-url.ts';
import { withLockTimeout, withPriority } from '../packages/database/sqlite-dialect.ts';
import { findExposedFiles, logRestricted } from '../packages/database/sqlite-file.ts';
import { listen } from '../packages/http/listen.ts';
import type { Service } from '../packages/platform/service.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import { ConfigError } from '../packages/runtime/config-error.ts';
import { DomainError, describeRefusal } from '../packages/runtime/domain-error.ts';
import type { Runtime } from '../packages/runtime/runtime.ts';
import { createCrmApp, personalDataSources } from './app.ts';
import type { CrmConfig } from './config.ts';
import { type CrmContext, createErasures, repeatLastStates, startPublishingExisting } from './customers/index.ts';
import { openCrmDatabase } from './database/index.ts';
import { createImportQueue, importOnce, logImport, UnusableHeader } from './imports/index.ts';
import { followEncoding, startRelay, watchOutbox } from './outbox/index.ts';
import { startRetentionJob } from './retention-job.ts';

const flushForMs = 5_000;
/** A request waits at most this long for a lock of another transaction; then it is answered with 503. */
const requestLockWaitMs = 150;

/**
 * Opens the database, imports the CSV file of customers, serves requests, and relays the outbox to the event bus.
 * @param runtime an abort of `stopping` ends the import, and nothing else is started
 * @throws ConfigError; the reason of `stopping`
 */
export const startCrm = async (
  config: CrmConfig,
  runtime: Runtime & { bus: EventBus; stopping?: AbortSignal },
): Promise<Service & { url: string }> => {
  const { log } = runtime;
  checkCustomersFile(config);
  const isDurable = config.databaseUrl !== 'memory';
  const exposedFiles = findExposedFiles(sqliteFileOf(config.databaseUrl) ?? '');
  const db = await openCrmDatabase(config.databaseUrl, logMigrations(log, isDurable));
  logRestricted(log, exposedFiles);
  if (!isDurable)
    log.warn(
      'customers and revisions are kept in memory: nothing survives a stop, and after a restart with a clock that is behind ' +
        'the views ignore what the CRM publishes; set CRM_DATABASE_URL to keep them in a file or in MySQL',
    );
  // Customers are the only compacted topic.
  const repeatCustomers = (_topic: string, customerIds: readonly string[]) => repeatLastStates(context, customerIds);
  await followEncoding(db);
  // Behind many changes that wait, each round of the relay would come later, and the views would become stale.
  const relay = startRelay({ ...runtime, db: withPriority(db), repeatLastStates: repeatCustomers });
  const outbox = watchOutbox({ ...runtime, db });
  const context = { ...runtime, db, onCommit: () => relay.wake() };
  const retentionJob = startRetentionJob(context);
  const publishing = startPublishingExisting(context);
  const erasures = createErasures({ db, log, sources: personalDataSources });
  const imports = createImportQueue(context, join(config.dataDir, 'imports', String(config.port)));
  const close = async () => {
    await imports.close();
    await publishing.close();
    await retentionJob.close();
    await erasures.close();
    await outbox.close();
    await relay.close(flushForMs);
    await db.destroy();
  };
  try {
    if (config.customersCsv !== undefined) await loadCustomers(context, config.customersCsv, runtime);
    await imports.resume();
    // Resumes the erasures that the previous process left. A failure is logged and retried in `createErasures`.
    void erasures.complete().catch(() => {});
    const requestContext = { ...context, db: withLockTimeout(db, requestLockWaitMs) };
    const app = createCrmApp({
      ...requestContext,
      access: config.access,
      operatorToken: config.operatorToken,
      isDurable,
      imports,
      outbox,
      erasures,
      instance: relay.holder,
      locateServices: config.locateServices,
      codec: topics.connectionMandates.codec,
    });
    const server = await listen(app, { ...config, variable: 'APP_PORT' });
    log.debug({ url: server.url }, 'CRM listens');
    return { url: server.url, close: () => server.close().then(close) };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Logs the migrations of an existing database, which can take long; those of a new one are routine. */
const logMigrations = (log: Logger, isDurable: boolean) => {
  let isNew = !isDurable;
  return (migration: string) => {
    isNew ||= migration.startsWith('0001-');
    log[isNew ? 'debug' : 'info']({ migration }, 'migrating');
  };
};

/** @throws ConfigError if the file of CUSTOMERS_CSV cannot be read. An import checks its contents. */
export const checkCustomersFile = ({ customersCsv }: Pick<CrmConfig, 'customersCsv'>): void => {
  if (customersCsv === undefined) return;
  const remedy = 'Set CUSTOMERS_CSV to a CSV file, or to none.';
  const stat = statSync(customersCsv, { throwIfNoEntry: false });
  if (!stat)
    throw new ConfigError(`CUSTOMERS_CSV: ${customersCsv} cannot be read, because there is no such file. ${remedy}`);
  if (stat.isDirectory()) throw new ConfigError(`CUSTOMERS_CSV: ${customersCsv} is a folder. ${remedy}`);
};

const loadCustomers = async (
  context: CrmContext,
  file: string,
  { log, stopping }: { readonly log: Logger; readonly stopping?: AbortSignal },
) => {
  const job = await importOnce(context, file, stopping).catch((error) => {
    if (error instanceof UnusableHeader) throw new ConfigError(`CUSTOMERS_CSV: ${file}: ${error.problem}`);
    if (error instanceof DomainError) throw new ConfigError(`CUSTOMERS_CSV: ${file}: ${describeRefusal(error)}`);
    throw error;
  });
  if (!job) return log.debug('the file of CUSTOMERS_CSV was imported before, so it is not imported again');
  await logImport(context.db, job, log);
};
