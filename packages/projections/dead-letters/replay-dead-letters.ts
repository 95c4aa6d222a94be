import { groupBy } from '../../runtime/group-by.ts';
import { findTopic, type RecordCopy, type Topic } from '../event-bus.ts';
import type { LogWriter } from '../log-writer.ts';
import { type DeadLetter, recordOf } from './read-dead-letters.ts';

const maxRecordsPerAppend = 100;

/**
 * Appends the records again with the place of the original in a header. They are ordered by that place, so later
 * changes are not undone. `onProgress` gets the number of records after each append.
 * @throws Error when a dead letter does not hold its record, or not the whole
 */
export const replayDeadLetters = async (
  { append }: LogWriter,
  topics: readonly Topic[],
  letters: readonly DeadLetter[],
  onProgress: (count: number) => void = () => {},
): Promise<void> => {
  const withheld = letters.find(({ data }) => data.withheld);
  if (withheld)
    throw new Error(
      `${withheld.id} is of a topic with personal data, so its dead letter does not hold the record. Nothing was replayed.`,
    );
  const truncated = letters.find(({ data }) => data.truncated);
  if (truncated)
    throw new Error(
      `${truncated.id} was too large to be kept whole, so it cannot be replayed. Nothing was replayed; discard it, or replay the others by id.`,
    );
  for (const [topic, ofTopic] of groupBy(letters, ({ data }) => data.topic))
    for (let from = 0; from < ofTopic.length; from += maxRecordsPerAppend) {
      const chunk = ofTopic.slice(from, from + maxRecordsPerAppend);
      await append(findTopic(topics, topic), chunk.map(toRecordCopy));
      onProgress(chunk.length);
    }
};

const toRecordCopy = (letter: DeadLetter): RecordCopy => {
  const { key = '', value, timestamp } = recordOf(letter);
  return { key, value, timestamp, partition: letter.data.partition, replayOf: letter.id };
};
