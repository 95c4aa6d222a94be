import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { createTestKafkaClient, createTopic } from '../../tests/stack/fresh.ts';
import { ports } from '../../tests/stack/ports.ts';
import { isStackReady } from '../../tests/stack/stack.ts';
import { consumerGroupsContract } from '../projections/consumer-groups.contract.ts';
import type { OutgoingEvent } from '../projections/event-bus.ts';
import { createKafkaConsumerGroups } from './consumer-groups.ts';
import { createKafkaLogReader } from './log-reader.ts';

const brokers = [`127.0.0.1:${ports.kafka}`];

describe.runIf(await isStackReady())('the consumer groups of Kafka', () => {
  consumerGroupsContract(async () => {
    const topic = { name: `groups-${randomUUID()}`, partitions: 4, maxMessageBytes: 16_384 };
    await createTopic({ topic: topic.name, numPartitions: 4 });
    const publish = async (events: readonly OutgoingEvent[]) => {
      const producer = createTestKafkaClient().producer();
      await producer.connect();
      await producer.send({ topic: topic.name, messages: events.map(({ key, value }) => ({ key, value })) });
      await producer.disconnect();
    };
    return {
      topic,
      log: createKafkaLogReader(brokers, { newId: randomUUID }),
      groups: createKafkaConsumerGroups(brokers),
      publish,
    };
  });
});
