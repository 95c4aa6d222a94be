import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import type { LogReader } from '../../packages/projections/log-reader.ts';

/** `data` is as packages/projections/dead-letters/dead-letter.ts wrote it. */
export type DeadLetter = {
  id: string;
  time: string;
  data: {
    reason: string;
    topic: string;
    partition?: number;
    offset?: number;
    /** None where an earlier version did not trust the record's time. */
    timestamp: number | null;
    key: string;
    value?: string;
    valueBase64?: string;
    truncated?: boolean;
  };
};

/** All dead letters, oldest first; the same record dead-lettered twice is one of them. */
export const readDeadLetters = async (log: LogReader, topic: string): Promise<DeadLetter[]> => {
  const letters = new Map<string, DeadLetter>();
  await log.read(topic, await log.offsets(topic), async ({ records }) => {
    for (const { value } of records) {
      const letter = asDeadLetter(value);
      if (letter) letters.set(letter.id, letter);
    }
  });
  return [...letters.values()].sort((a, b) => a.time.localeCompare(b.time));
};

/** Foreign records on the topic of dead letters are none. */
const asDeadLetter = (value: Buffer): DeadLetter | undefined => {
  try {
    const letter = JSON.parse(value.toString()) as Partial<DeadLetter> | null;
    const isOne = typeof letter?.id === 'string' && typeof letter.time === 'string' && typeof letter.data === 'object';
    return isOne && letter.data !== null ? (letter as DeadLetter) : undefined;
  } catch {
    return undefined;
  }
};

/** The record as it was delivered. */
export const recordOf = ({ data }: DeadLetter): DeliveredRecord => ({
  topic: data.topic,
  value: data.value === undefined ? Buffer.from(data.valueBase64 ?? '', 'base64') : Buffer.from(data.value),
  // One whose time is not known is as old as can be.
  timestamp: data.timestamp ?? 0,
  key: data.key,
  ...(data.partition !== undefined && data.offset !== undefined && { partition: data.partition, offset: data.offset }),
});
