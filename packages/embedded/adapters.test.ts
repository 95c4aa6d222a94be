import { describe } from 'vitest';
import { consumerGroupsContract } from '../projections/consumer-groups.contract.ts';
import { eventBusContract } from '../projections/event-bus.contract.ts';
import type { OutgoingEvent } from '../projections/event-bus.ts';
import { createSeededRandom, withBusFaults, withStoreFaults } from '../projections/faults.ts';
import { logReaderContract } from '../projections/log-reader.contract.ts';
import { stateStoreContract } from '../projections/state-store.contract.ts';
import { createEmbeddedConsumerGroups } from './consumer-groups.ts';
import { openEmbeddedPlatform } from './platform.ts';

const topic = { name: 'things', partitions: 4, maxMessageBytes: 16_384 };
const platform = () => openEmbeddedPlatform(':memory:', [topic]);

describe('the embedded event bus', () => {
  eventBusContract(async () => ({ topic, bus: platform().eventBus }));
});

describe('the embedded state store', () => {
  stateStoreContract(async () => platform().stateStore('statestore'));
});

describe('the log of the embedded event bus', () => {
  logReaderContract(async () => {
    const { eventBus, logReader } = platform();
    const publish = (events: readonly OutgoingEvent[]) => eventBus('writer').publish(topic.name, events);
    return { topic, log: logReader(), publish };
  });
});

describe('the consumer groups of the embedded event bus', () => {
  consumerGroupsContract(async () => {
    const platformOfGroups = platform();
    const publish = (events: readonly OutgoingEvent[]) =>
      platformOfGroups.eventBus('writer').publish(topic.name, events);
    return {
      topic,
      log: platformOfGroups.logReader(),
      groups: createEmbeddedConsumerGroups(platformOfGroups),
      publish,
    };
  });
});

describe.each([1, 2])('with injected faults, seed %i,', (seed) => {
  describe('the event bus', () => {
    eventBusContract(async () => {
      const { eventBus } = platform();
      const random = createSeededRandom(seed);
      return { topic, bus: (consumerGroup) => withBusFaults(eventBus(consumerGroup), random) };
    });
  });

  describe('the state store', () => {
    stateStoreContract(async () => withStoreFaults(platform().stateStore('statestore'), createSeededRandom(seed)));
  });
});
