import type { Kysely } from 'kysely';
import { databaseTime } from '../database/dialect.ts';
import type { CrmDatabase } from '../database/schema.ts';

const name = 'outbox';

export type RelayLease = {
  /** Takes or renews the lease where it must; answers whether it is ours. */
  hold(): Promise<boolean>;
  /** So that another need not wait until it expires. */
  release(): Promise<void>;
};

/**
 * Who has the lease relays; whoever comes after it has expired takes it. All go by the database's clock. It keeps two
 * from doing the same work, and no more: one that is late publishes the same ids and revisions again.
 */
export const relayLease = (
  db: Kysely<CrmDatabase>,
  { holder, leaseMs }: { holder: string; leaseMs: number },
): RelayLease => {
  const time = databaseTime(db.withTables<never>());
  const until = databaseTime(db.withTables<never>(), leaseMs);
  let renewAt = 0;

  const take = async (): Promise<boolean> => {
    const row = await db
      .selectFrom('relayLease')
      .select(['holder', 'expiresAt', time.as('time')])
      .where('name', '=', name)
      .executeTakeFirst();
    if (!row) {
      const first = db.insertInto('relayLease').values({ name, holder, expiresAt: until }).ignore();
      return (await first.executeTakeFirstOrThrow()).numInsertedOrUpdatedRows === 1n;
    }
    if (row.holder !== holder && row.expiresAt >= row.time) return false;
    // Of two that come at once, the second finds it held.
    const { numUpdatedRows } = await db
      .updateTable('relayLease')
      .set({ holder, expiresAt: until })
      .where('name', '=', name)
      .where((is) => is.or([is('holder', '=', holder), is('expiresAt', '<', time)]))
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  };

  return {
    hold: async () => {
      const asked = performance.now();
      if (asked < renewAt) return true;
      const held = await take();
      renewAt = held ? asked + leaseMs / 2 : 0;
      return held;
    },
    release: async () => {
      renewAt = 0;
      await db.deleteFrom('relayLease').where('name', '=', name).where('holder', '=', holder).execute();
    },
  };
};

/** Who relays now; null when nobody does, as nothing has waited for a while. */
export const relayedBy = async (db: Kysely<CrmDatabase>): Promise<string | null> => {
  const lease = db.selectFrom('relayLease').select('holder').where('name', '=', name);
  const row = await lease.where('expiresAt', '>=', databaseTime(db.withTables<never>())).executeTakeFirst();
  return row?.holder ?? null;
};
