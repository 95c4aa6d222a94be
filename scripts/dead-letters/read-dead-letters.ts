import type { LogReader } from '../../lib/log-reader.ts';

/** `data` is as lib/projection/dead-letter.ts wrote it. */
export type DeadLetter = {
  id: string;
  time: string;
  data: {
    reason: string;
    topic: string;
    partition?: number;
    offset?: number;
    /** None where the record's time could not be believed. */
    timestamp: number | null;
    key: string;
    value?: string;
    valueBase64?: string;
    truncated?: boolean;
  };
};

/** All dead letters, oldest first; the same record set aside twice is one of them. */
export const readDeadLetters = async (log: LogReader, topic: string): Promise<DeadLetter[]> => {
  const letters = new Map<string, DeadLetter>();
  await log.read(topic, await log.offsets(topic), async ({ records }) => {
    for (const { value } of records) {
      const letter = JSON.parse(value.toString()) as DeadLetter;
      letters.set(letter.id, letter);
    }
  });
  return [...letters.values()].sort((a, b) => a.time.localeCompare(b.time));
};
