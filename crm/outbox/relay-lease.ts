import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import {
  createLeaseValue,
  createValueObserver,
  type MonotonicClock,
  monotonicClock,
} from '../../packages/runtime/lease.ts';
import type { CrmDatabase, RelayLeaseTable } from '../database/index.ts';

const leaseName = 'outbox';

/** The holder renews the lease after half of this time. Another instance takes over after this time without a renewal. */
export const relayLeaseMs = 2_000;

export type RelayLease = {
  /** Acquires the lease, or renews it when half of its time has passed. @returns whether we hold it */
  acquire(): Promise<boolean>;
  /** Releases the lease, so that another instance need not wait until it expires. Does nothing unless we hold it. */
  release(): Promise<void>;
};

type LeaseContext = { db: Kysely<CrmDatabase>; holder: string; log: Logger; leaseMs?: number; clock?: MonotonicClock };

/**
 * The holder of the lease relays. Each instance observes the lease by its own monotonic clock, and takes it over when it was
 * not renewed for `leaseMs`. The lease avoids double work; correctness does not depend on it, because a late relay
 * publishes the same ids and revisions again.
 */
export const createRelayLease = ({
  db,
  holder,
  log,
  leaseMs = relayLeaseMs,
  clock = monotonicClock,
}: LeaseContext): RelayLease => {
  const observed = createValueObserver(leaseMs, clock);
  let heldUntil = Number.NEGATIVE_INFINITY;
  let isHeld = false;

  const acquireOrRenew = async (): Promise<boolean> => {
    const current = await readRelayLease(db);
    const ours = { holder, expiresAt: createLeaseValue() };
    const hasExpired = observed.isUnchanged(leaseValue(current));
    if (!current) {
      const insert = db
        .insertInto('relayLease')
        .values({ name: leaseName, ...ours })
        .ignore();
      return (await insert.executeTakeFirstOrThrow()).numInsertedOrUpdatedRows === 1n;
    }
    if (current.holder !== holder && !hasExpired) return false;
    // A compare-and-set: of two instances that take over at the same time, the second finds a changed value.
    const { numUpdatedRows } = await db
      .updateTable('relayLease')
      .set(ours)
      .where('name', '=', leaseName)
      .where('holder', '=', current.holder)
      .where('expiresAt', '=', current.expiresAt)
      .executeTakeFirstOrThrow();
    const isTaken = numUpdatedRows === 1n;
    if (isTaken && current.holder !== holder)
      log.info({ from: current.holder }, 'relay lease taken over, it was not renewed');
    return isTaken;
  };

  return {
    acquire: async () => {
      const requestedAt = clock();
      if (requestedAt < heldUntil) return true;
      isHeld = await acquireOrRenew();
      heldUntil = isHeld ? requestedAt + leaseMs / 2 : Number.NEGATIVE_INFINITY;
      return isHeld;
    },
    release: async () => {
      if (!isHeld) return;
      isHeld = false;
      heldUntil = Number.NEGATIVE_INFINITY;
      await db.deleteFrom('relayLease').where('name', '=', leaseName).where('holder', '=', holder).execute();
    },
  };
};

type StoredLease = Pick<RelayLeaseTable, 'holder' | 'expiresAt'>;

export const readRelayLease = (db: Kysely<CrmDatabase>): Promise<StoredLease | undefined> =>
  db.selectFrom('relayLease').select(['holder', 'expiresAt']).where('name', '=', leaseName).executeTakeFirst();

/** The value that an observer compares. It changes with each renewal and with each holder. */
export const leaseValue = (lease: StoredLease | undefined): string | undefined =>
  lease && `${lease.holder} ${lease.expiresAt}`;
