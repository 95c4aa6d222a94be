import { nullValue } from '../../kafka/null-value.ts';
import {
  type BatchHandler,
  createTooLargeError,
  type EventBus,
  findTopic,
  isTombstone,
  NotDurable,
  type OutgoingEvent,
  splitBySize,
  type Topic,
} from '../../projections/event-bus.ts';
import { describeSidecarError, type SidecarResponse } from '../sidecar/errors.ts';
import { isKafka, type Sidecar } from '../sidecar.ts';
import type { Deliveries } from './deliveries.ts';

/**
 * An event bus through a Dapr pubsub component. The component sets the consumer group, and Dapr does not report committed
 * offsets: read those from the broker.
 */
export const createDaprEventBus = (
  sidecar: Sidecar,
  pubsub: string,
  { topics, deliveries }: { topics: readonly Topic[]; deliveries: Deliveries },
): Omit<EventBus, 'committedOffsets'> => ({
  publish: async (topicName, events) => {
    const topic = findTopic(topics, topicName);
    const { fitting, tooLarge } = splitBySize(topic, events);
    const failures = tooLarge.length > 0 ? [createTooLargeError(topic, tooLarge)] : [];
    // Requests are sent one after the other, to keep the order of the events of a key.
    for (const batch of splitIntoRequests(fitting)) {
      const failed = await publishBulk(sidecar, pubsub, topicName, batch);
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
});

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

/** @returns the error that names the events that may not be durable, or undefined on success */
const publishBulk = async (sidecar: Sidecar, pubsub: string, topic: string, events: readonly OutgoingEvent[]) => {
  // The payload is raw: otherwise the sidecar replaces the trace of the event with its own.
  const path = `/publish/bulk/${encodeURIComponent(pubsub)}/${encodeURIComponent(topic)}?metadata.rawPayload=true`;
  try {
    // Other brokers have no null value and would store the four bytes.
    const emptyValue = events.some(isTombstone) && (await isKafka(sidecar, pubsub)) ? nullValue : Buffer.alloc(0);
    const entries = events.map((event, n) =>
      createEntry(isTombstone(event) ? { ...event, value: emptyValue } : event, n),
    );
    const answer = await sidecar.call('POST', path, entries);
    return answer.status < 300 ? undefined : createPublishError(topic, events, answer);
  } catch (error) {
    return new NotDurable(idsOf(events), `${topic}: ${(error as Error).message}`);
  }
};

/**
 * With this content type the sidecar decodes the base64 and, because the publish is raw, writes the bytes unchanged with any codec.
 * On Kafka the four bytes `null` become a record without a value. The entry number distinguishes events with the same id.
 */
const createEntry = ({ key, value }: OutgoingEvent, entry: number) => ({
  entryId: String(entry),
  event: value.toString('base64'),
  contentType: 'application/octet-stream',
  metadata: { partitionKey: key },
});

/** If the sidecar names the entries that failed, it has written the others. Otherwise any event may be written or not. */
const createPublishError = (topic: string, events: readonly OutgoingEvent[], answer: SidecarResponse): NotDurable => {
  const { failedEntries } = (answer.body ?? {}) as { failedEntries?: { entryId: string; error: string }[] };
  if (!failedEntries?.length) return new NotDurable(idsOf(events), `${topic}: ${describeSidecarError(answer)}`);
  const failed = failedEntries.map(({ entryId }) => events[Number(entryId)]).filter((event) => event !== undefined);
  return new NotDurable(idsOf(failed), `${topic}: ${failedEntries[0]?.error}`);
};

const idsOf = (events: readonly OutgoingEvent[]) => events.map(({ id }) => id);
