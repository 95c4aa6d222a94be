import type { Projection } from '../declaration.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import type { LogReader } from '../log-reader.ts';

/** A dead letter, with `data` as written by dead-letter.ts. */
export type DeadLetter = {
  id: string;
  time: string;
  data: {
    reason: string;
    topic: string;
    partition?: number;
    offset?: number;
    /** Null in dead letters of earlier versions, which did not trust the time of some records. */
    timestamp: number | null;
    key: string;
    value?: string;
    valueBase64?: string;
    truncated?: boolean;
    /** The record is of a topic with personal data, so the dead letter does not hold its value. */
    withheld?: boolean;
  };
};

/**
 * Reads all dead letters of the projection's topic, oldest first, each id once. Projections of other topics may share
 * the dead-letter topic.
 */
export const readDeadLetters = async (
  log: LogReader,
  { topic, deadLetters: { name } }: Pick<Projection<unknown, unknown>, 'topic' | 'deadLetters'>,
): Promise<DeadLetter[]> => {
  const letters = new Map<string, DeadLetter>();
  await log.read(name, await log.offsets(name), async ({ records }) => {
    for (const { value } of records) {
      const letter = parseDeadLetter(value);
      if (letter?.data.topic === topic.name) letters.set(letter.id, letter);
    }
  });
  return [...letters.values()].sort((a, b) => a.time.localeCompare(b.time));
};

/** Returns undefined for foreign records on the dead-letter topic. */
const parseDeadLetter = (value: Buffer): DeadLetter | undefined => {
  try {
    const letter = JSON.parse(value.toString()) as Partial<DeadLetter> | null;
    const isOne = typeof letter?.id === 'string' && typeof letter.time === 'string' && typeof letter.data === 'object';
    return isOne && letter.data !== null ? (letter as DeadLetter) : undefined;
  } catch {
    return undefined;
  }
};

/** Restores the record as it was delivered. */
export const recordOf = ({ data }: DeadLetter): DeliveredRecord => ({
  topic: data.topic,
  value: data.value === undefined ? Buffer.from(data.valueBase64 ?? '', 'base64') : Buffer.from(data.value),
  // A record with unknown time counts as the oldest possible.
  timestamp: data.timestamp ?? 0,
  key: data.key,
  ...(data.partition !== undefined && data.offset !== undefined && { partition: data.partition, offset: data.offset }),
});
