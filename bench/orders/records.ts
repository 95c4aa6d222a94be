import type { DeliveredRecord, Topic } from '../../packages/projections/event-bus.ts';
import { partitionOf } from '../work.ts';

/** Turns events into the records of a new topic, in the partitions that the sidecar chooses. */
export function* createRecords(
  topic: Topic,
  events: Iterable<{ readonly subject: string; readonly time: string }>,
): Generator<DeliveredRecord> {
  const ends = Array.from({ length: topic.partitions }, () => 0);
  for (const event of events) {
    const partition = partitionOf(event.subject, topic.partitions);
    const offset = ends[partition] as number;
    ends[partition] = offset + 1;
    const value = Buffer.from(JSON.stringify(event));
    yield { topic: topic.name, key: event.subject, value, partition, offset, timestamp: Date.parse(event.time) };
  }
}

export function* splitIntoBatches(records: Iterable<DeliveredRecord>, size: number): Generator<DeliveredRecord[]> {
  let batch: DeliveredRecord[] = [];
  for (const record of records) {
    batch.push(record);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
