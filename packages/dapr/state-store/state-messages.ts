import { createMessageReader, readField, readTextField, readValueEnd, skipField } from '../../grpc/message-reader.ts';
import {
  beginNested,
  createMessageWriter,
  endNested,
  finishFrame,
  writeTextField,
  writeVarintField,
} from '../../grpc/message-writer.ts';
import { type Operation, readParallelism } from './state-calls.ts';

/** An item of a GetBulkStateResponse; a key that does not exist has neither data nor etag. */
export type StateItem = { key: string; data: string; etag: string; error: string };

const concurrencyFirstWrite = 1;
/** Bytes per key and per operation that suffice in most cases, so that the buffer seldom grows. */
const [keyBytes, operationBytes] = [32, 320];

/** Creates a GetBulkStateRequest in its frame. */
export const frameBulkRead = (store: string, keys: readonly string[]): Buffer => {
  const writer = createMessageWriter(keys.length * keyBytes);
  writeTextField(writer, 1, store);
  for (const key of keys) writeTextField(writer, 2, key);
  writeVarintField(writer, 3, readParallelism);
  return finishFrame(writer);
};

/** Parses a GetBulkStateResponse. @throws MalformedMessage */
export const parseStateItems = (message: Buffer): StateItem[] => {
  const items: StateItem[] = [];
  const reader = createMessageReader(message);
  const { end } = reader;
  while (reader.at < end) {
    if (readField(reader) !== 1) {
      skipField(reader);
      continue;
    }
    const item = { key: '', data: '', etag: '', error: '' };
    // The reader reads the fields of the item, and then the rest of the message.
    reader.end = readValueEnd(reader);
    while (reader.at < reader.end) {
      const field = readField(reader);
      if (field === 1) item.key = readTextField(reader);
      else if (field === 2) item.data = readTextField(reader);
      else if (field === 3) item.etag = readTextField(reader);
      else if (field === 4) item.error = readTextField(reader);
      else skipField(reader);
    }
    reader.end = end;
    items.push(item);
  }
  return items;
};

/** Creates an ExecuteStateTransactionRequest in its frame. Values are written as JSON. */
export const frameTransaction = (store: string, operations: readonly Operation[]): Buffer => {
  const writer = createMessageWriter(operations.length * operationBytes);
  writeTextField(writer, 1, store);
  for (const { operation, request } of operations) {
    const start = beginNested(writer, 2);
    writeTextField(writer, 1, operation);
    const item = beginNested(writer, 2);
    writeTextField(writer, 1, request.key);
    if (operation === 'upsert') writeTextField(writer, 2, JSON.stringify(request.value));
    if (request.etag !== undefined) {
      const etag = beginNested(writer, 3);
      writeTextField(writer, 1, request.etag);
      endNested(writer, etag);
    }
    if (request.options) {
      const options = beginNested(writer, 5);
      writeVarintField(writer, 1, concurrencyFirstWrite);
      endNested(writer, options);
    }
    endNested(writer, item);
    endNested(writer, start);
  }
  return finishFrame(writer);
};
