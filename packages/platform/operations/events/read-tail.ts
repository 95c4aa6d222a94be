import type { Projection } from '../../../projections/declaration.ts';
import type { DeliveredRecord } from '../../../projections/event-bus.ts';
import type { LogReader, PartitionRange } from '../../../projections/log-reader.ts';
import type { OperatorLog } from '../../../projections/operator-log.ts';
import { DomainError } from '../../../runtime/domain-error.ts';
import { describeError } from '../context.ts';
import type { Places } from './place-list.ts';
import type { TailBuffer } from './tail-buffer.ts';

/** How many records of each partition are searched for those of a key, or read after an interruption. */
const searchedRecords = 2_000;

export type Tail = {
  readonly topics: readonly string[];
  readonly key: string | undefined;
  readonly last: number;
  /** Where an earlier request ended; it takes the place of `last`. */
  readonly resume: Places | undefined;
  readonly buffer: TailBuffer;
};

/** `readers`: by the name of a topic, the projection that reads its records. */
type Logs = {
  readonly topicLog: LogReader;
  readonly operatorLog: OperatorLog;
  readonly readers: ReadonlyMap<string, Pick<Projection<unknown, unknown>, 'prepare'>>;
};

/** Fills the buffer with the records with which a tail begins. @returns where to continue. @throws DomainError log-unavailable */
export const readFirst = async (tail: Tail, logs: Logs, signal: AbortSignal): Promise<Places> => {
  const found: DeliveredRecord[] = [];
  const places: Places = new Map();
  for (const topic of tail.topics) {
    const ranges = await logs.topicLog.offsets(topic).catch((error: unknown) => {
      throw new DomainError('log-unavailable', describeError(error), { cause: error });
    });
    if (ranges.length === 0) throw new DomainError('log-unavailable', 'The broker has no log that can be followed.');
    places.set(topic, new Map(ranges.map(({ partition, end }) => [partition, end])));
    const wanted = ranges.map((range) => ({ ...range, begin: findBegin(range, topic, tail) }));
    await logs.topicLog.read(
      topic,
      wanted,
      async ({ records }) => {
        found.push(...records.filter(isOfKey(tail)));
        if (found.length > 4 * searchedRecords) keepLatest(found, searchedRecords);
      },
      signal,
    );
  }
  keepLatest(found, tail.resume ? found.length : tail.last);
  await prepare(found, logs);
  for (const record of found) tail.buffer.add(record);
  return places;
};

const findBegin = ({ partition, begin, end }: PartitionRange, topic: string, tail: Tail): number => {
  const { resume, last, key, buffer } = tail;
  if (!resume) return Math.max(begin, end - (last > 0 && key !== undefined ? searchedRecords : last));
  const next = Math.max(begin, Math.min(resume.get(topic)?.get(partition) ?? end, end));
  const first = Math.max(next, end - searchedRecords);
  buffer.skip(first - next);
  return first;
};

/** Loads what is needed to show the records. A record for which it cannot be loaded is shown as bytes. */
const prepare = async (records: readonly DeliveredRecord[], { readers }: Logs): Promise<void> => {
  for (const [topic, reader] of readers)
    await reader.prepare?.(records.filter((record) => record.topic === topic)).catch(() => {});
};

/** Sorts records by time and removes all but the latest; those of a partition keep their order. */
const keepLatest = (records: DeliveredRecord[], count: number): void => {
  records.sort((a, b) => a.timestamp - b.timestamp || (a.offset ?? 0) - (b.offset ?? 0));
  records.splice(0, Math.max(0, records.length - count));
};

const isOfKey =
  ({ key }: Tail) =>
  (record: DeliveredRecord): boolean =>
    key === undefined || record.key === key;

/** Fills the buffer with records as they arrive, until the signal is aborted. `places` is kept up to date. */
export const followLogs = async (tail: Tail, places: Places, logs: Logs, signal: AbortSignal): Promise<void> => {
  const ended = new AbortController();
  const follow = (topic: string, next: Map<number, number>) =>
    logs.operatorLog.follow(
      topic,
      new Map(next),
      async (batch) => {
        next.set(batch.partition, batch.next);
        const records = batch.records.filter(isOfKey(tail));
        await prepare(records, logs);
        for (const record of records) tail.buffer.add(record);
      },
      AbortSignal.any([signal, ended.signal]),
    );
  try {
    await Promise.all([...places].map(([topic, next]) => follow(topic, next)));
  } finally {
    ended.abort();
  }
};
