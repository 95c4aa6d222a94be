import {
  beginNested,
  createMessageWriter,
  endNested,
  finishFrame,
  writeMapEntry,
  writeTextField,
  writeVarintField,
} from '../../grpc/message-writer.ts';
import type { Outcome } from './deliver.ts';
import { describeSubscription } from './subscription-routes.ts';

/** RETRY of TopicEventResponseStatus. SUCCESS is 0, the default, which is not written. */
const retryStatus = 1;
/** A status of an entry with an id of up to five digits. */
const statusBytes = 11;

/** Writes a TopicEventBulkResponse with a status for every entry; a sidecar repeats entries without one. @returns its frame */
export const writeOutcome = ({ entryIds, isDone }: Outcome): Buffer => {
  const writer = createMessageWriter(entryIds.length * statusBytes);
  for (let n = 0; n < entryIds.length; n++) {
    const start = beginNested(writer, 1);
    writeTextField(writer, 1, entryIds[n] as string);
    if (isDone[n] !== true) writeVarintField(writer, 2, retryStatus);
    endNested(writer, start);
  }
  return finishFrame(writer);
};

/** Writes a ListTopicSubscriptionsResponse. @returns its frame */
export const writeSubscriptions = (subscriptions: readonly { pubsub: string; topic: string }[]): Buffer => {
  const writer = createMessageWriter();
  for (const subscription of subscriptions) {
    const { pubsubname, topic, metadata, routes, bulkSubscribe } = describeSubscription(subscription);
    const start = beginNested(writer, 1);
    writeTextField(writer, 1, pubsubname);
    writeTextField(writer, 2, topic);
    for (const [key, value] of Object.entries(metadata)) writeMapEntry(writer, 3, key, value);
    const routesStart = beginNested(writer, 5);
    writeTextField(writer, 2, routes.default);
    endNested(writer, routesStart);
    const bulkStart = beginNested(writer, 7);
    writeVarintField(writer, 1, Number(bulkSubscribe.enabled));
    writeVarintField(writer, 2, bulkSubscribe.maxMessagesCount);
    writeVarintField(writer, 3, bulkSubscribe.maxAwaitDurationMs);
    endNested(writer, bulkStart);
    endNested(writer, start);
  }
  return finishFrame(writer);
};
