import type { DeliveredRecord } from '../packages/projections/event-bus.ts';
import type { LogReader } from '../packages/projections/log-reader.ts';

/** A log in memory. Offsets that no record of a partition has are gaps. */
type InMemoryLog = LogReader & {
  readonly partitions: { begin: number; end: number; records: DeliveredRecord[] }[];
  isUnavailable: boolean;
  reads: number;
};

export const createInMemoryLog = (partitions: InMemoryLog['partitions']): InMemoryLog => {
  const log: InMemoryLog = {
    partitions,
    isUnavailable: false,
    reads: 0,
    offsets: async () => {
      if (log.isUnavailable) throw new Error('the broker is unavailable');
      return log.partitions.map(({ begin, end }, partition) => ({ partition, begin, end }));
    },
    read: async (_topic, ranges, handle, signal) => {
      log.reads++;
      if (log.isUnavailable) throw new Error('the broker is unavailable');
      for (const { partition, begin, end } of ranges) {
        const isWanted = ({ offset = 0 }: DeliveredRecord) => begin <= offset && offset < end;
        for (const record of log.partitions[partition]?.records.filter(isWanted) ?? []) {
          signal?.throwIfAborted();
          await handle({ partition, records: [record], next: (record.offset as number) + 1 });
        }
        signal?.throwIfAborted();
        await handle({ partition, records: [], next: end });
      }
    },
  };
  return log;
};
