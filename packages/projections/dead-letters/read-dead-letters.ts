import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import type { LogReader } from '../log-reader.ts';

/** `data` is as dead-letter.ts wrote it. */
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

/**
 * All dead letters of the projection's topic, oldest first; the same record dead-lettered twice is one of them. Projections
 * of other topics may share the topic of dead letters.
 */
export const readDeadLetters = async (
  log: LogReader,
  { topic, deadLetters: { name } }: Pick<Projection<unknown, unknown>, 'topic' | 'deadLetters'>,
): Promise<DeadLetter[]> => {
  const letters = new Map<string, DeadLetter>();
  await log.read(name, await log.offsets(name), async ({ records }) => {
    for (const { value } of records) {
      const letter = asDeadLetter(value);
      if (letter?.data.topic === topic.name) letters.set(letter.id, letter);
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
