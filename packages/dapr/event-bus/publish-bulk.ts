import { nullValue } from '../../kafka/null-value.ts';
import { isTombstone, NotDurable, type OutgoingEvent } from '../../projections/event-bus.ts';
import { describeSidecarError, SidecarError, type SidecarResponse } from '../sidecar/errors.ts';
import { isKafka, type Sidecar } from '../sidecar.ts';
import { contentType, frameBulkPublish, isAllPublished, keyField, rawPayload } from './publish-messages.ts';

/** @returns the error that names the events that may not be durable, or undefined on success */
export type PublishBulk = (topic: string, events: readonly OutgoingEvent[]) => Promise<NotDurable | undefined>;

/**
 * Publishes with one call: over gRPC, where the sidecar has no base64 to decode, and over HTTP after a failure, because only there it says which
 * entries have failed. Events are written twice then, the repetitions in the same order after the first ones.
 */
export const createPublishBulk = (sidecar: Sidecar, pubsub: string): PublishBulk => {
  /** Set by a failure and cleared by a success over HTTP, so that in an outage only its first publication is sent twice. */
  let hasFailed = false;

  const publishOverGrpc = async (topic: string, events: readonly OutgoingEvent[]): Promise<boolean> => {
    if (!sidecar.grpc || hasFailed) return false;
    try {
      return isAllPublished(await sidecar.grpc.call('BulkPublishEvent', frameBulkPublish(pubsub, topic, events)));
    } catch (error) {
      if (error instanceof SidecarError) return false;
      throw error;
    }
  };

  const publishOverHttp = async (topic: string, events: readonly OutgoingEvent[]) => {
    const metadata = `metadata.${rawPayload.name}=${rawPayload.value}`;
    const path = `/publish/bulk/${encodeURIComponent(pubsub)}/${encodeURIComponent(topic)}?${metadata}`;
    const answer = await sidecar.call('POST', path, events.map(createEntry));
    return answer.status < 300 ? undefined : createPublishError(topic, events, answer);
  };

  return async (topic, events) => {
    try {
      const encoded = await encodeTombstones(sidecar, pubsub, events);
      if (await publishOverGrpc(topic, encoded)) return undefined;
      hasFailed = true;
      const failure = await publishOverHttp(topic, encoded);
      hasFailed = failure !== undefined;
      return failure;
    } catch (error) {
      return new NotDurable(idsOf(events), `${topic}: ${(error as Error).message}`);
    }
  };
};

/** On Kafka the four bytes `null` become a record without a value. Other brokers have no null value and would store the four bytes. */
const encodeTombstones = async (sidecar: Sidecar, pubsub: string, events: readonly OutgoingEvent[]) => {
  if (!events.some(isTombstone) || !(await isKafka(sidecar, pubsub))) return events;
  return events.map((event) => (isTombstone(event) ? { ...event, value: nullValue } : event));
};

/** An entry of a request over HTTP, in which bytes are base64. */
const createEntry = ({ key, value }: OutgoingEvent, entry: number) => ({
  entryId: String(entry),
  event: value.toString('base64'),
  contentType,
  metadata: { [keyField]: key },
});

/** If the sidecar names the entries that failed, it has written the others. Otherwise any event may be written or not. */
const createPublishError = (topic: string, events: readonly OutgoingEvent[], answer: SidecarResponse): NotDurable => {
  const { failedEntries } = (answer.body ?? {}) as { failedEntries?: { entryId: string; error: string }[] };
  if (!failedEntries?.length) return new NotDurable(idsOf(events), `${topic}: ${describeSidecarError(answer)}`);
  const failed = failedEntries.map(({ entryId }) => events[Number(entryId)]).filter((event) => event !== undefined);
  return new NotDurable(idsOf(failed), `${topic}: ${failedEntries[0]?.error}`);
};

const idsOf = (events: readonly OutgoingEvent[]) => events.map(({ id }) => id);
