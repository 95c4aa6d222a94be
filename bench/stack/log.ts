import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { topics } from '../../contracts/topics.ts';
import { createKafkaClient, withAdmin } from '../../packages/kafka/client.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { createMessage, type Work } from '../work.ts';
import { broker } from './ports.ts';
import { partFolder, startParts } from './stack.ts';

const topic = topics.connectionMandates;
/** The topic's limit applies to a whole batch of messages. */
const batchBytes = topic.maxMessageBytes - 1_024;
const messageOverheadBytes = 32;
const maxInFlight = 32;

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
  // The broker accepts records of a new topic only after a moment, and the first requests are not repeated.
  const isWritable = () =>
    withAdmin([broker], (admin) => admin.fetchTopicOffsets(topic.name)).then(
      () => true,
      () => false,
    );
  if (!(await waitUntil(30, isWritable))) throw new Error('Kafka does not open the new topics; see its log.');
};

/** Fills the topic with this work only. @param progress called with the number of written events */
export const prepareLog = async (work: Work, progress: (written: number) => void): Promise<void> => {
  if (filledWith && isDeepStrictEqual(filledWith, work)) return;
  const fill = async () => {
    await emptyLog();
    await fillLog(work, progress);
  };
  // A single batch must not be repeated, because later ones may be written already.
  await fill().catch(fill);
  filledWith = work;
};

/**
 * Writes the batches of each partition in order. The broker handles the requests of a connection in the order in which they were
 * sent, so several may be in flight as long as none is repeated.
 */
const fillLog = async (work: Work, progress: (written: number) => void): Promise<void> => {
  const producer = createKafkaClient([broker], { retries: 0 }).producer({ retry: { retries: 0 } });
  await producer.connect();
  const batches = Array.from({ length: topic.partitions }, () => ({ messages: [] as Message[], bytes: 0 }));
  const inFlight = new Set<Promise<void>>();
  let failure: Error | undefined;
  let written = 0;
  const send = (partition: number) => {
    const { messages } = batches[partition] as { messages: Message[] };
    batches[partition] = { messages: [], bytes: 0 };
    if (messages.length === 0) return;
    const sent = producer
      .send({ topic: topic.name, messages })
      .then(() => {
        written += messages.length;
        progress(written);
      })
      .catch((error: Error) => {
        failure ??= error;
      })
      .finally(() => inFlight.delete(sent));
    inFlight.add(sent);
  };
  try {
    for (let i = 0; i < work.events && !failure; i++) {
      const message = createMessage(work, i, topic.partitions);
      const bytes = message.value.length + message.key.length + messageOverheadBytes;
      const full = batches[message.partition] as { messages: Message[]; bytes: number };
      if (full.bytes + bytes > batchBytes) {
        send(message.partition);
        if (inFlight.size >= maxInFlight) await Promise.race(inFlight);
      }
      const batch = batches[message.partition] as { messages: Message[]; bytes: number };
      batch.messages.push(message);
      batch.bytes += bytes;
    }
    for (const partition of batches.keys()) send(partition);
    await Promise.all(inFlight);
    if (failure) throw failure;
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

/** The bytes of the topic on the disk of the broker. */
export const measureLogBytes = async (): Promise<number> => {
  const data = join(partFolder('kafka'), 'data');
  const folders = Array.from({ length: topic.partitions }, (_, partition) => join(data, `${topic.name}-${partition}`));
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  return files.filter((file) => file.endsWith('.log')).reduce((sum, file) => sum + statSync(file).size, 0);
};
