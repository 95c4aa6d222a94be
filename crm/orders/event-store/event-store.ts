import type { Kysely, Selectable, Transaction } from 'kysely';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import { type CrmDatabase, notNextVersion, type OrderEventTable } from '../../database/index.ts';

/**
 * Where an event comes from. `actor` is an opaque id, never a name. `correlationId` is shared by all commands of one business
 * process, and `causationId` is the id of the command that caused the event.
 */
export type EventMetadata = {
  readonly actor: string | null;
  readonly correlationId: string;
  readonly causationId: string;
  readonly traceparent: string | null;
};

/** An event of a stream. Versions count from 1 without gaps; `recordedAt` is in ms since 1970 and never decreases. */
export type RecordedEvent = {
  readonly version: number;
  readonly type: string;
  readonly data: object;
  readonly metadata: EventMetadata;
  readonly recordedAt: number;
};

/** The last event of a stream that the writer has seen; a stream without events has version 0. */
export type StreamEnd = { readonly version: number; readonly recordedAt: number };

export const emptyStream: StreamEnd = { version: 0, recordedAt: 0 };

/**
 * Appends events after `end`, in the transaction of the caller.
 * @param now in ms since 1970
 * @throws TransientDatabaseError database-conflict when the stream has grown since `end` was read; `transact` then repeats the
 * transaction, which reads the stream again
 */
export const appendEvents = async (
  trx: Transaction<CrmDatabase>,
  stream: string,
  end: StreamEnd,
  events: readonly Pick<RecordedEvent, 'type' | 'data'>[],
  { now, metadata }: { now: number; metadata: EventMetadata },
): Promise<RecordedEvent[]> => {
  // A clock that was set back must not move an event before its predecessor.
  const recordedAt = Math.max(now, end.recordedAt);
  const recorded = events.map((event, n) => ({ ...event, version: end.version + 1 + n, metadata, recordedAt }));
  const rows = recorded.map(({ data, ...event }) => ({
    ...event,
    stream,
    data: JSON.stringify(data),
    metadata: JSON.stringify(metadata),
  }));
  if (rows.length > 0) await trx.insertInto('orderEvent').values(rows).execute().catch(rethrowConflict);
  return recorded;
};

/** On SQLite a trigger reports the conflict before the primary key does. */
const rethrowConflict = (error: Error): never => {
  throw error.message.includes(notNextVersion) ? new TransientDatabaseError('database-conflict', error) : error;
};

/** Which events of a stream to read: those after a version, and up to a version and a time (ms since 1970), both included. */
export type EventRange = {
  readonly after: number;
  readonly version?: number | undefined;
  readonly at?: number | undefined;
  readonly limit: number;
};

export const readEvents = async (
  db: Kysely<CrmDatabase>,
  stream: string,
  { after, version, at, limit }: EventRange,
): Promise<RecordedEvent[]> => {
  let query = db.selectFrom('orderEvent').selectAll().where('stream', '=', stream).where('version', '>', after);
  if (version !== undefined) query = query.where('version', '<=', version);
  if (at !== undefined) query = query.where('recordedAt', '<=', at);
  return (await query.orderBy('version').limit(limit).execute()).map(toRecordedEvent);
};

const toRecordedEvent = ({
  version,
  type,
  data,
  metadata,
  recordedAt,
}: Selectable<OrderEventTable>): RecordedEvent => ({
  version,
  type,
  data: JSON.parse(data),
  metadata: JSON.parse(metadata),
  recordedAt: Number(recordedAt),
});
