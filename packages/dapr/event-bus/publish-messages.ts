import { createMessageReader, readField, skipField } from '../../grpc/message-reader.ts';
import {
  beginNested,
  createMessageWriter,
  endNested,
  finishFrame,
  writeBytesField,
  writeMapEntry,
  writeTextField,
} from '../../grpc/message-writer.ts';
import type { OutgoingEvent } from '../../projections/event-bus.ts';

/** The payload is raw: otherwise the sidecar replaces the trace of the event with its own. */
export const rawPayload = { name: 'rawPayload', value: 'true' } as const;
/** With this content type the sidecar writes the bytes unchanged with any codec. */
export const contentType = 'application/octet-stream';
/** Name of the metadata field with the key of an entry. */
export const keyField = 'partitionKey';
/** Bytes of an entry in addition to its value and key that suffice in most cases, so that the buffer seldom grows. */
const entryBytes = 80;

/** Creates a BulkPublishRequest in its frame. The number of an entry distinguishes events with the same id. */
export const frameBulkPublish = (pubsub: string, topic: string, events: readonly OutgoingEvent[]): Buffer => {
  const bytes = events.reduce((sum, { key, value }) => sum + value.length + key.length + entryBytes, 256);
  const writer = createMessageWriter(bytes);
  writeTextField(writer, 1, pubsub);
  writeTextField(writer, 2, topic);
  for (const [n, { key, value }] of events.entries()) {
    const entry = beginNested(writer, 3);
    writeTextField(writer, 1, String(n));
    writeBytesField(writer, 2, value);
    writeTextField(writer, 3, contentType);
    writeMapEntry(writer, 4, keyField, key);
    endNested(writer, entry);
  }
  writeMapEntry(writer, 4, rawPayload.name, rawPayload.value);
  return finishFrame(writer);
};

/** Whether a BulkPublishResponse names no failed entry. @throws MalformedMessage */
export const isAllPublished = (message: Buffer): boolean => {
  const reader = createMessageReader(message);
  while (reader.at < reader.end) {
    if (readField(reader) === 1) return false;
    skipField(reader);
  }
  return true;
};
