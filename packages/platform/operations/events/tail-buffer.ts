import type { DeliveredRecord } from '../../../projections/event-bus.ts';

/** Holds the latest records until they are sent. Where more arrive, the oldest are left out and counted. */
export const createTailBuffer = (capacity: number) => {
  let records: DeliveredRecord[] = [];
  let skipped = 0;
  return {
    add: (record: DeliveredRecord) => {
      records.push(record);
      // Removed in blocks, because each removal from the front moves all others.
      if (records.length >= 2 * capacity) {
        skipped += capacity;
        records = records.slice(capacity);
      }
    },
    skip: (count: number) => {
      skipped += count;
    },
    take: () => {
      const taken = records.slice(-capacity);
      const all = { records: taken, skipped: skipped + records.length - taken.length };
      [records, skipped] = [[], 0];
      return all;
    },
  };
};

export type TailBuffer = ReturnType<typeof createTailBuffer>;
