import {
  type BatchHandler,
  createTooLargeError,
  type EventBus,
  findTopic,
  NotDurable,
  type OutgoingEvent,
  splitBySize,
  type Topic,
} from '../../projections/event-bus.ts';
import { isKafka, type Sidecar } from '../sidecar.ts';
import type { Deliveries } from './deliveries.ts';
import { createPublishBulk } from './publish-bulk.ts';

/**
 * An event bus through a Dapr pubsub component. The component sets the consumer group, and Dapr does not report committed
 * offsets: read those from the broker.
 */
export const createDaprEventBus = (
  sidecar: Sidecar,
  pubsub: string,
  { topics, deliveries }: { topics: readonly Topic[]; deliveries: Deliveries },
): Omit<EventBus, 'committedOffsets'> => {
  const publishBulk = createPublishBulk(sidecar, pubsub);
  return {
    publish: async (topicName, events) => {
      const topic = findTopic(topics, topicName);
      const { fitting, tooLarge } = splitBySize(topic, events);
      const failures = tooLarge.length > 0 ? [createTooLargeError(topic, tooLarge)] : [];
      // Requests are sent one after the other, to keep the order of the events of a key.
      for (const batch of splitIntoRequests(fitting)) {
        const failed = await publishBulk(topicName, batch);
        if (failed) failures.push(failed);
      }
      const last = failures.at(-1);
      if (last)
        throw new NotDurable(
          failures.flatMap(({ ids }) => [...ids]),
          last.message,
        );
    },

    subscribe: async (topic: string, handler: BatchHandler) => deliveries.add(pubsub, topic, handler),

    canCompact: () => isKafka(sidecar, pubsub),

    check: async () => {
      const { status } = await sidecar.call('GET', '/healthz/outbound');
      if (status !== 204) throw new Error(`the sidecar is not ready: /healthz/outbound answers ${status}`);
      const { components, subscriptions = [] } = await sidecar.metadata();
      if (!components.some(({ name }) => name === pubsub))
        throw new Error(
          `the sidecar has no component ${pubsub}: check that its resources path has the YAML file, and that the sidecar's log has no error about it`,
        );
      const missing = deliveries
        .subscriptions()
        .filter(({ topic }) => !subscriptions.some((held) => held.topic === topic));
      if (missing.length > 0)
        throw new Error(
          `the sidecar has not subscribed to ${missing.map(({ topic }) => topic).join(', ')}: check that its --app-port is the port of this service`,
        );
    },
  };
};

/** A sidecar always refuses a request above its `max-body-size`. We start it with 64 MiB, and base64 adds a third. */
const maxRequestBytes = 8 * 1024 * 1024;

/** Keeps the order of the events. */
const splitIntoRequests = (events: readonly OutgoingEvent[]): OutgoingEvent[][] => {
  const requests: OutgoingEvent[][] = [];
  let room = 0;
  for (const event of events) {
    const bytes = event.value.length;
    if (bytes > room || requests.length === 0) {
      requests.push([]);
      room = maxRequestBytes;
    }
    requests.at(-1)?.push(event);
    room -= bytes;
  }
  return requests;
};
