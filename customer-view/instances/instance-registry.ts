import type { Kysely } from 'kysely';
import { isMysql, runExclusively } from '../../packages/database/run-exclusively.ts';
import { createLeaseValue, createValueObserver, type ValueObserver } from '../../packages/runtime/lease.ts';
import type { Runtime } from '../../packages/runtime/runtime.ts';
import { sleepUnlessAborted } from '../../packages/runtime/sleep.ts';

const defaultHeartbeatMs = 5_000;

/** A row per running instance. Each heartbeat is another random value. */
type InstanceRow = { instanceId: string; url: string; startedAt: number; heartbeat: number };
type Db = Kysely<{ instance: InstanceRow }>;

type Instance = Omit<InstanceRow, 'heartbeat'>;

export type InstanceRegistry = {
  /** The id of this instance. */
  readonly instanceId: string;
  /** Registers this instance with its URL, and keeps it registered. */
  announce(url: string): void;
  /** The instances that share the database, in the order of their start. */
  list(): Promise<Instance[]>;
  close(): Promise<void>;
};

/**
 * Registers this instance in the database that all instances share, and keeps its heartbeat until it is closed. Any instance removes the
 * row of one that was killed, after three heartbeats; an instance that was only suspended registers again with its next heartbeat.
 */
export const openInstanceRegistry = async (
  database: Kysely<never>,
  {
    now,
    newId,
    log,
    heartbeatEveryMs = defaultHeartbeatMs,
  }: Pick<Runtime, 'now' | 'newId' | 'log'> & { readonly heartbeatEveryMs?: number },
): Promise<InstanceRegistry> => {
  await runExclusively(database, createTable);
  const db: Db = database.withTables<{ instance: InstanceRow }>();
  const own = { instanceId: newId(), startedAt: now() };
  const observers = new Map<string, ValueObserver>();
  const closing = new AbortController();

  let running = Promise.resolve();

  const beat = async (url: string) => {
    const heartbeat = createLeaseValue();
    const insert = db.insertInto('instance').values({ ...own, url, heartbeat });
    await (isMysql(database)
      ? insert.onDuplicateKeyUpdate({ heartbeat })
      : insert.onConflict((conflict) => conflict.column('instanceId').doUpdateSet({ heartbeat }))
    ).execute();
  };
  const removeGone = async () => {
    for (const { instanceId, heartbeat } of await db.selectFrom('instance').selectAll().execute()) {
      const observer = observers.get(instanceId) ?? createValueObserver(3 * heartbeatEveryMs);
      observers.set(instanceId, observer);
      if (!observer.isUnchanged(String(heartbeat))) continue;
      observers.delete(instanceId);
      await db.deleteFrom('instance').where('instanceId', '=', instanceId).where('heartbeat', '=', heartbeat).execute();
    }
  };
  const run = async (url: string) => {
    for (; !closing.signal.aborted; await sleepUnlessAborted(heartbeatEveryMs, closing.signal))
      await beat(url)
        .then(removeGone)
        .catch((err: unknown) => log.debug({ err }, 'instance not registered, will retry'));
  };
  return {
    instanceId: own.instanceId,
    announce: (url) => {
      running = run(url);
    },
    list: async () =>
      db
        .selectFrom('instance')
        .select(['instanceId', 'url', 'startedAt'])
        .orderBy('startedAt')
        .orderBy('instanceId')
        .execute(),
    close: async () => {
      closing.abort();
      await running;
      await db
        .deleteFrom('instance')
        .where('instanceId', '=', own.instanceId)
        .execute()
        .catch((err: unknown) => log.debug({ err }, 'instance not removed, the others will remove it'));
    },
  };
};

const createTable = (db: Kysely<never>): Promise<void> =>
  db.schema
    .createTable('instance')
    .ifNotExists()
    .addColumn('instanceId', 'varchar(64)', (column) => column.primaryKey())
    .addColumn('url', 'varchar(255)', (column) => column.notNull())
    .addColumn('startedAt', 'bigint', (column) => column.notNull())
    .addColumn('heartbeat', 'bigint', (column) => column.notNull())
    .execute();
