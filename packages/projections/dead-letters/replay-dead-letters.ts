import { groupBy } from '../../runtime/group-by.ts';
import { declaredTopic, type RecordCopy, type Topic } from '../event-bus.ts';
import type { LogWriter } from '../log-writer.ts';
import { type DeadLetter, recordOf } from './read-dead-letters.ts';

const atOnce = 100;

/**
 * Writes the records again as they were, with the place of the original in a header: they count as what they were, so what
 * has changed since stays. @throws Error when one was too large to be kept whole
 */
export const replayDeadLetters = async (
  { append }: LogWriter,
  topics: readonly Topic[],
  letters: readonly DeadLetter[],
  advance: (many: number) => void = () => {},
): Promise<void> => {
  const cut = letters.find(({ data }) => data.truncated);
  if (cut) throw new Error(`${cut.id} was too large to be kept whole, so it cannot be replayed. Nothing was replayed.`);
  for (const [topic, own] of groupBy(letters, ({ data }) => data.topic))
    for (let from = 0; from < own.length; from += atOnce) {
      const some = own.slice(from, from + atOnce);
      await append(declaredTopic(topics, topic), some.map(asCopy));
      advance(some.length);
    }
};

const asCopy = (letter: DeadLetter): RecordCopy => {
  const { key = '', value, timestamp } = recordOf(letter);
  return { key, value, timestamp, partition: letter.data.partition, replayOf: letter.id };
};
