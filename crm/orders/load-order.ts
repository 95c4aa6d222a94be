import type { Kysely, Transaction } from 'kysely';
import { orderIdSchema } from '../../contracts/events/order-changed/schema.ts';
import { readPages } from '../../packages/database/pages.ts';
import type { CrmDatabase } from '../database/index.ts';
import { type RecordedEvent, readEvents, readSnapshot, writeSnapshot } from './event-store/index.ts';
import { evolve, type Order } from './order.ts';
import { fromStoredEvent } from './stored-event.ts';

/** A state in the past: as of a version or a time (ms since 1970), both included. Without them it is the current state. */
export type PastState = { readonly version?: number | undefined; readonly at?: number | undefined };

/** `snapshotVersion` is the version of the snapshot from which the order was loaded, 0 without one. */
export type LoadedOrder = { readonly order: Order; readonly snapshotVersion: number };

/** Increase it when the type `Order` changes, so that older snapshots are ignored. */
const snapshotFormat = 1;
const eventsPerSnapshot = 100;
const eventsPerPage = 500;

/** An orderId of another form has no events. Databases that ignore trailing spaces would find another order for it. */
export const isOrderId = (text: string): boolean => orderIdSchema.safeParse(text).success;

/** Loads an order from its events, from the snapshot on if there is one. @returns undefined if it had no event by then */
export const loadOrder = async (
  db: Kysely<CrmDatabase>,
  orderId: string,
  { version, at }: PastState = {},
): Promise<LoadedOrder | undefined> => {
  if (!isOrderId(orderId)) return undefined;
  const state = (await readSnapshot(db, orderId, snapshotFormat))?.state as Order | undefined;
  const isBefore = state && state.version <= (version ?? state.version) && state.updatedAt <= (at ?? state.updatedAt);
  const snapshot = isBefore ? state : undefined;
  const pages = readPages<RecordedEvent>(eventsPerPage, (last, limit) =>
    readEvents(db, orderId, { after: last?.version ?? snapshot?.version ?? 0, version, at, limit }),
  );
  const order = await applyEvents(snapshot, pages);
  return order && { order, snapshotVersion: snapshot?.version ?? 0 };
};

const applyEvents = async (snapshot: Order | undefined, pages: AsyncIterable<readonly RecordedEvent[]>) => {
  let order = snapshot;
  for await (const page of pages)
    for (const event of page) order = evolve(order, { ...fromStoredEvent(event), recordedAt: event.recordedAt });
  return order;
};

/** Writes a snapshot if the order has grown by 100 events since the one from which it was loaded. */
export const writeSnapshotIfDue = async (trx: Transaction<CrmDatabase>, { order, snapshotVersion }: LoadedOrder) => {
  if (order.version - snapshotVersion < eventsPerSnapshot) return;
  await writeSnapshot(trx, order.orderId, snapshotFormat, { version: order.version, state: order });
};
