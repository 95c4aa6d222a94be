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
import { complaintOf, type Sidecar, type SidecarAnswer } from '../sidecar.ts';
import type { Deliveries } from './deliveries.ts';

/**
 * An event bus through a Dapr pubsub component. The consumer group is the component's affair, and Dapr does not tell what
 * it has committed: the broker has to be asked.
 */
export const daprEventBus = (
  sidecar: Sidecar,
  pubsub: string,
  { topics, deliveries }: { topics: readonly Topic[]; deliveries: Deliveries },
): Omit<EventBus, 'committedOffsets'> => ({
  publish: async (topicName, events) => {
    const topic = findTopic(topics, topicName);
    const { fitting, tooLarge } = splitBySize(topic, events);
    const failures = tooLarge.length > 0 ? [createTooLargeError(topic, tooLarge)] : [];
    // One after the other, so that the order of a key stays.
    for (const some of inRequests(fitting)) {
      const failed = await publishBulk(sidecar, pubsub, topicName, some);
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

  check: async () => {
    const { status } = await sidecar.call('GET', '/healthz/outbound');
    if (status !== 204) throw new Error(`the sidecar is not ready: its outbound health is ${status}`);
    const { components, subscriptions = [] } = await sidecar.metadata();
    if (!components.some(({ name }) => name === pubsub))
      throw new Error(
        `the sidecar has no component ${pubsub}: look for it in its resources path and in the sidecar's log`,
      );
    const missing = deliveries
      .subscriptions()
      .filter(({ topic }) => !subscriptions.some((held) => held.topic === topic));
    if (missing.length > 0)
      throw new Error(
        `the sidecar has not subscribed to ${missing.map(({ topic }) => topic).join(', ')}: is its app-port ours?`,
      );
  },
});

/** A sidecar refuses a request above its `max-body-size`, and for good: 64 MiB as we start it, of base64. */
const mostBytes = 8 * 1024 * 1024;

/** The events in their order, as many together as one request takes. */
const inRequests = (events: readonly OutgoingEvent[]): OutgoingEvent[][] => {
  const requests: OutgoingEvent[][] = [];
  let room = 0;
  for (const event of events) {
    const bytes = event.value.length;
    if (bytes > room || requests.length === 0) {
      requests.push([]);
      room = mostBytes;
    }
    requests.at(-1)?.push(event);
    room -= bytes;
  }
  return requests;
};

/** Answers what may not be durable. */
const publishBulk = async (sidecar: Sidecar, pubsub: string, topic: string, events: readonly OutgoingEvent[]) => {
  // Raw: the sidecar would otherwise put its own trace in place of the event's.
  const path = `/publish/bulk/${encodeURIComponent(pubsub)}/${encodeURIComponent(topic)}?metadata.rawPayload=true`;
  try {
    const answer = await sidecar.call('POST', path, events.map(asEntry));
    return answer.status < 300 ? undefined : failure(topic, events, answer);
  } catch (error) {
    return new NotDurable(ids(events), `${topic}: ${(error as Error).message}`);
  }
};

/**
 * With this content type the sidecar decodes the base64 and, as the publish is raw, writes the bytes as they are, whatever the
 * codec. Only the four bytes `null` become a record without a value. The entry's number tells same ids apart.
 */
const asEntry = ({ key, value }: OutgoingEvent, entry: number) => ({
  entryId: String(entry),
  event: value.toString('base64'),
  contentType: 'application/octet-stream',
  metadata: { partitionKey: key },
});

/** Where the sidecar names the entries that failed, the others are written; anything else may be either. */
const failure = (topic: string, events: readonly OutgoingEvent[], answer: SidecarAnswer): NotDurable => {
  const { failedEntries } = (answer.body ?? {}) as { failedEntries?: { entryId: string; error: string }[] };
  if (!failedEntries?.length) return new NotDurable(ids(events), `${topic}: ${complaintOf(answer)}`);
  const failed = failedEntries.map(({ entryId }) => events[Number(entryId)]).filter((event) => event !== undefined);
  return new NotDurable(ids(failed), `${topic}: ${failedEntries[0]?.error}`);
};

const ids = (events: readonly OutgoingEvent[]) => events.map(({ id }) => id);
