import { readFrameLength } from '../../grpc/frame.ts';
import {
  createMessageReader,
  type MessageReader,
  readField,
  readTextField,
  readValueEnd,
  skipField,
} from '../../grpc/message-reader.ts';
import { framePrefixBytes, wireTypes } from '../../grpc/message-writer.ts';
import type { DeliveredRecord } from '../../projections/event-bus.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Piece } from './deliver.ts';
import { createDeliveredRecord } from './delivered-record.ts';
import { createBulkEntry, readBulkEntry } from './read-bulk-entry.ts';
import { MalformedDelivery } from './read-delivery.ts';
import { topicOfRoute } from './subscription-routes.ts';

/** Fields of TopicEventBulkRequest. */
const fields = { entries: 2, topic: 4, path: 7 } as const;

/** Bytes that are decoded at once. A smaller delivery is decoded whole. */
const pieceBytes = 8 * 1024 * 1024;
/** As over HTTP: larger than any record. It also limits a delivery whose topic is known only at its end. */
const maxBufferedBytes = 256 * 1024 * 1024;
/** A tag has up to 5 bytes, and a length or number up to 10. */
const maxFieldHeadBytes = 16;

type Limits = { readonly pieceBytes: number; readonly maxBufferedBytes: number };

/**
 * Decodes the TopicEventBulkRequest of a delivery in pieces while it arrives, so that a full delivery of large records neither blocks
 * the event loop nor has to fit in memory. A sidecar writes the topic after the entries. Where the delivery is larger than a piece, its topic is
 * the one that every entry names, and is compared with the topic at the end; entries that do not all name it are buffered up to the end.
 * @throws MalformedDelivery, MalformedMessage, or GrpcError for a malformed frame
 */
export async function* readBulkEvent(
  request: AsyncIterable<Buffer>,
  { now }: Pick<Runtime, 'now'>,
  limits: Limits = { pieceBytes, maxBufferedBytes },
): AsyncGenerator<Piece> {
  let chunks: Buffer[] = [];
  let bufferedBytes = 0;
  /** The bytes of the message that have not been decoded; undefined before the prefix of the frame has arrived. */
  let remainingBytes: number | undefined;
  let minBytes = limits.pieceBytes;
  const route: Route = { topic: undefined, path: undefined };
  let topic: string | undefined;
  for await (const chunk of request) {
    chunks.push(chunk);
    bufferedBytes += chunk.length;
    if (remainingBytes === undefined) {
      if (bufferedBytes < framePrefixBytes) continue;
      const bytes = Buffer.concat(chunks, bufferedBytes);
      remainingBytes = readFrameLength(bytes);
      chunks = [bytes.subarray(framePrefixBytes)];
      bufferedBytes -= framePrefixBytes;
    }
    if (bufferedBytes > remainingBytes) throw notOneMessage();
    // The last piece waits for the end of the request, which must follow.
    if (bufferedBytes < minBytes || bufferedBytes >= remainingBytes) continue;
    const bytes = Buffer.concat(chunks, bufferedBytes);
    const end = findFieldsEnd(bytes);
    const complete = bytes.subarray(0, end);
    topic ??= findTopicOfEntries(complete);
    if (topic === undefined || end === 0) {
      if (bufferedBytes > limits.maxBufferedBytes)
        throw new MalformedDelivery('an entry, or a delivery whose entries do not name its topic, is too large', 413);
      chunks = [bytes];
      // Double the threshold: otherwise each chunk copies and searches the bytes again.
      minBytes = bufferedBytes * 2;
      continue;
    }
    readRoute(complete, route);
    yield* decodePieces(complete, topic, now, limits);
    chunks = [bytes.subarray(end)];
    bufferedBytes -= end;
    remainingBytes -= end;
    minBytes = Math.max(limits.pieceBytes, bufferedBytes * 2);
  }
  if (remainingBytes === undefined || bufferedBytes !== remainingBytes) throw notOneMessage();
  const bytes = Buffer.concat(chunks, bufferedBytes);
  readRoute(bytes, route);
  const routedTopic = topicOfRoute(route.path ?? '');
  if (routedTopic === undefined) throw new MalformedDelivery('the route of the delivery is not of this service');
  if (route.topic !== routedTopic || (topic ?? routedTopic) !== routedTopic)
    throw new MalformedDelivery('the delivery is of another topic');
  yield* decodePieces(bytes, routedTopic, now, limits);
}

const notOneMessage = () => new MalformedDelivery('the request is not exactly one message');

/** Where the sidecar sends a delivery: the topic, and the route of the subscription. */
type Route = { topic: string | undefined; path: string | undefined };

const readRoute = (bytes: Buffer, route: Route): void => {
  const reader = createMessageReader(bytes);
  while (reader.at < reader.end) {
    const field = readField(reader);
    if (field === fields.topic) route.topic = readTextField(reader);
    else if (field === fields.path) route.path = readTextField(reader);
    else skipField(reader);
  }
};

function* decodePieces(bytes: Buffer, topic: string, now: () => number, limits: Limits): Generator<Piece> {
  const reader = createMessageReader(bytes);
  while (reader.at < reader.end) yield decodePiece(reader, topic, now(), limits);
}

/** Decodes the entries from `reader.at` on, until they fill a piece. */
const decodePiece = (reader: MessageReader, topic: string, now: number, { pieceBytes }: Limits): Piece => {
  const [entryIds, records]: [string[], DeliveredRecord[]] = [[], []];
  const entry = createBulkEntry();
  const pieceEnd = reader.at + pieceBytes;
  while (reader.at < reader.end && reader.at < pieceEnd) {
    if (readField(reader) !== fields.entries) {
      skipField(reader);
      continue;
    }
    readBulkEntry(reader, entry);
    entryIds.push(entry.entryId);
    records.push(createDeliveredRecord(topic, entry.value, now, entry));
  }
  return { topic, entryIds, records };
};

/** @returns the topic that all entries name, or undefined */
const findTopicOfEntries = (bytes: Buffer): string | undefined => {
  let topic: string | undefined;
  const entry = createBulkEntry();
  const reader = createMessageReader(bytes);
  while (reader.at < reader.end) {
    if (readField(reader) !== fields.entries) {
      skipField(reader);
      continue;
    }
    readBulkEntry(reader, entry);
    topic ??= entry.topic;
    if (entry.topic === undefined || entry.topic !== topic) return undefined;
  }
  return topic;
};

/** @returns the end of the last complete field of a message whose rest has not arrived */
const findFieldsEnd = (bytes: Buffer): number => {
  const reader = createMessageReader(bytes, 0, Number.MAX_SAFE_INTEGER);
  let end = 0;
  while (end + maxFieldHeadBytes <= bytes.length) {
    readField(reader);
    if (reader.wireType === wireTypes.bytes) reader.at = readValueEnd(reader);
    else skipField(reader);
    if (reader.at > bytes.length) break;
    end = reader.at;
  }
  return end;
};
