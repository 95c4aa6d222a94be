import { isDeepStrictEqual } from 'node:util';
import { topics } from '../../contracts/topics.ts';
import { createKafkaClient, withAdmin } from '../../packages/kafka/client.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { createMessage, type Work } from '../work.ts';
import { broker } from './ports.ts';
import { startParts } from './stack.ts';

const topic = topics.connectionMandates;
/** The topic's limit applies to a whole batch of messages. */
const batchBytes = topic.maxMessageBytes - 1_024;
const messageOverheadBytes = 32;

let filledWith: Work | undefined;

/** Deletes and creates the topics, which also deletes the committed offsets. No consumer may run meanwhile. */
export const emptyLog = async (): Promise<void> => {
  filledWith = undefined;
  const names = Object.values(topics).map(({ name }) => name);
  await withAdmin([broker], async (admin) => {
    const present = await admin.listTopics();
    await admin.deleteTopics({ topics: names.filter((name) => present.includes(name)) });
    const areDeleted = async () =>
      !(await admin.listTopics()).some((name) => names.includes(name as (typeof names)[number]));
    if (!(await waitUntil(30, areDeleted))) throw new Error('Kafka does not delete the topics; see its log.');
  });
  await startParts(['kafka'], () => {});
};

/** Fills the topic with this work only. @param progress called with the number of written events */
export const prepareLog = async (work: Work, progress: (written: number) => void): Promise<void> => {
  if (filledWith && isDeepStrictEqual(filledWith, work)) return;
  await emptyLog();
  await fillLog(work, progress);
  filledWith = work;
};

/** Writes the batches of one partition in order, and the partitions concurrently. */
const fillLog = async (work: Work, progress: (written: number) => void): Promise<void> => {
  const producer = createKafkaClient([broker]).producer({ maxInFlightRequests: topic.partitions });
  await producer.connect();
  const batches = Array.from({ length: topic.partitions }, () => ({ messages: [] as Message[], bytes: 0 }));
  const sent: Promise<unknown>[] = batches.map(() => Promise.resolve());
  let written = 0;
  const send = (partition: number) => {
    const { messages } = batches[partition] as { messages: Message[] };
    batches[partition] = { messages: [], bytes: 0 };
    // One batch in flight per partition keeps the order.
    sent[partition] = (sent[partition] as Promise<unknown>).then(async () => {
      if (messages.length > 0) await producer.send({ topic: topic.name, messages });
      written += messages.length;
      progress(written);
    });
    return sent[partition];
  };
  try {
    for (let i = 0; i < work.events; i++) {
      const message = createMessage(work, i, topic.partitions);
      const bytes = message.value.length + message.key.length + messageOverheadBytes;
      const batch = batches[message.partition] as { messages: Message[]; bytes: number };
      if (batch.bytes + bytes > batchBytes) {
        const before = sent[message.partition];
        void send(message.partition);
        await before;
      }
      const next = batches[message.partition] as { messages: Message[]; bytes: number };
      next.messages.push(message);
      next.bytes += bytes;
    }
    await Promise.all(batches.map((_, partition) => send(partition)));
  } finally {
    await producer.disconnect();
  }
};

type Message = ReturnType<typeof createMessage>;

/** How many records the topics have together. */
export const countRecords = (names: readonly string[]): Promise<number> =>
  withAdmin([broker], async (admin) => {
    const offsets = await Promise.all(names.map((name) => admin.fetchTopicOffsets(name)));
    return offsets.flat().reduce((sum, { high }) => sum + Number(high), 0);
  });
