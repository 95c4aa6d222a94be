import {
  decodeText,
  type MessageReader,
  readBytesField,
  readField,
  readTextField,
  readValueEnd,
  skipField,
} from '../../grpc/message-reader.ts';
import { nullValue } from '../../kafka/null-value.ts';
import { replayOfHeader } from '../../projections/event-bus.ts';
import type { RecordMetadata } from './delivered-record.ts';
import { MalformedDelivery } from './read-delivery.ts';

/** One TopicEventBulkRequestEntry. The same object is filled for each entry, to create none per event. */
export type BulkEntry = RecordMetadata & {
  entryId: string;
  /** Empty if the record has no value. */
  value: Buffer;
  /** The topic that the Kafka component reports in the metadata. */
  topic: string | undefined;
};

/** Fields of TopicEventBulkRequestEntry. */
const fields = { entryId: 1, bytes: 2, cloudEvent: 3, metadata: 5 } as const;
const noValue = Buffer.alloc(0);

export const createBulkEntry = (): BulkEntry => ({
  entryId: '',
  value: noValue,
  topic: undefined,
  key: undefined,
  partitionKey: undefined,
  partition: undefined,
  offset: undefined,
  timestamp: undefined,
  replayOf: undefined,
});

/**
 * Reads the entry that begins at `reader.at`, with its length, into `entry`.
 * @throws MalformedDelivery, or MalformedMessage
 */
export const readBulkEntry = (reader: MessageReader, entry: BulkEntry): void => {
  const outerEnd = reader.end;
  reader.end = readValueEnd(reader);
  resetEntry(entry);
  while (reader.at < reader.end) {
    const field = readField(reader);
    if (field === fields.metadata) readMetadata(reader, entry);
    else if (field === fields.bytes) entry.value = readBytesField(reader);
    else if (field === fields.entryId) entry.entryId = readTextField(reader);
    else if (field === fields.cloudEvent) throw new MalformedDelivery('the event of an entry is not raw');
    else skipField(reader);
  }
  reader.end = outerEnd;
  if (entry.entryId === '') throw new MalformedDelivery('an entry has no entryId');
  // The sidecar delivers a record without a value as the bytes `null`, and one with an empty value as no bytes: both are tombstones.
  if (entry.value.length === nullValue.length && entry.value.equals(nullValue)) entry.value = noValue;
};

const resetEntry = (entry: BulkEntry): void => {
  entry.entryId = '';
  entry.value = noValue;
  entry.topic = undefined;
  entry.key = undefined;
  entry.partitionKey = undefined;
  entry.partition = undefined;
  entry.offset = undefined;
  entry.timestamp = undefined;
  entry.replayOf = undefined;
};

/** Reads one pair of the metadata; most pairs are of no interest, and their texts are not decoded. */
const readMetadata = (reader: MessageReader, entry: BulkEntry): void => {
  const outerEnd = reader.end;
  reader.end = readValueEnd(reader);
  let nameStart = 0;
  let nameEnd = 0;
  let start = 0;
  let end = 0;
  while (reader.at < reader.end) {
    const field = readField(reader);
    if (field === 1) {
      nameEnd = readValueEnd(reader);
      nameStart = reader.at;
      reader.at = nameEnd;
    } else if (field === 2) {
      end = readValueEnd(reader);
      start = reader.at;
      reader.at = end;
    } else skipField(reader);
  }
  reader.end = outerEnd;
  const { bytes } = reader;
  switch (nameEnd - nameStart) {
    case '__key'.length:
      if (isText(bytes, nameStart, '__key')) entry.key = decodeText(bytes, start, end);
      return;
    case '__topic'.length:
      if (isText(bytes, nameStart, '__topic')) entry.topic = decodeText(bytes, start, end);
      return;
    case '__offset'.length:
      if (isText(bytes, nameStart, '__offset')) entry.offset = readWholeNumber(bytes, start, end);
      return;
    case replayOfHeader.length:
      if (isText(bytes, nameStart, replayOfHeader)) entry.replayOf = decodeText(bytes, start, end);
      return;
    // __timestamp has the same length.
    case '__partition'.length:
      if (isText(bytes, nameStart, '__partition')) entry.partition = readWholeNumber(bytes, start, end);
      else if (isText(bytes, nameStart, '__timestamp')) entry.timestamp = readWholeNumber(bytes, start, end);
      return;
    case 'partitionKey'.length:
      if (isText(bytes, nameStart, 'partitionKey')) entry.partitionKey = decodeText(bytes, start, end);
  }
};

const isText = (bytes: Buffer, start: number, text: string): boolean => {
  for (let n = 0; n < text.length; n++) if (bytes[start + n] !== text.charCodeAt(n)) return false;
  return true;
};

const maxDigits = 15;
const digit0 = 0x30;

/** Reads a number of up to 15 digits, which a number holds exactly. */
const readWholeNumber = (bytes: Buffer, start: number, end: number): number | undefined => {
  if (end === start || end - start > maxDigits) return undefined;
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - digit0;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
};
