import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BulkPublishRequestSchema, GetBulkStateRequestSchema } from '@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMessageReader,
  MalformedMessage,
  readField,
  readTextField,
  readValueEnd,
  skipField,
} from './message-reader.ts';
import {
  beginNested,
  createMessageWriter,
  endNested,
  finishFrame,
  wireTypes,
  writeMapEntry,
  writeTextField,
  writeVarintField,
} from './message-writer.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 }));
const metadata = fc.dictionary(text, text, { maxKeys: 3 });
const request = fc.record({
  storeName: text,
  keys: fc.array(text, { maxLength: 40 }),
  parallelism: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  metadata,
});
const entries = fc.array(fc.record({ entryId: text, contentType: text, metadata }), { maxLength: 5 });

type GetBulkState = ReturnType<typeof readRequest> & { parallelism: number };

const writeRequest = ({ storeName, keys, parallelism, metadata }: GetBulkState) => {
  const writer = createMessageWriter(1);
  writeTextField(writer, 1, storeName);
  for (const key of keys) writeTextField(writer, 2, key);
  writeVarintField(writer, 3, parallelism);
  for (const [key, value] of Object.entries(metadata)) writeMapEntry(writer, 4, key, value);
  return finishFrame(writer).subarray(5);
};

/** Reads a GetBulkStateRequest, with the metadata as pairs. */
const readRequest = (bytes: Buffer) => {
  const read = { storeName: '', keys: [] as string[], metadata: {} as Record<string, string> };
  const reader = createMessageReader(bytes);
  while (reader.at < reader.end) {
    const field = readField(reader);
    if (field === 1) read.storeName = readTextField(reader);
    else if (field === 2) read.keys.push(readTextField(reader));
    else if (field === 4) {
      const end = readValueEnd(reader);
      const entry = createMessageReader(bytes, reader.at, end);
      let [key, value] = ['', ''];
      while (entry.at < end) {
        const part = readField(entry);
        if (part === 1) key = readTextField(entry);
        else if (part === 2) value = readTextField(entry);
        else skipField(entry);
      }
      Object.defineProperty(read.metadata, key, { value, enumerable: true, configurable: true, writable: true });
      reader.at = end;
    } else {
      // The stubs read parallelism, and refuse another type.
      if (field === 3 && reader.wireType !== wireTypes.varint) throw new MalformedMessage('no number');
      skipField(reader);
    }
  }
  return read;
};

const plain = ({ storeName, keys, metadata }: ReturnType<typeof readRequest>) => ({
  storeName,
  keys,
  metadata: Object.entries(metadata),
});

describe('our codec and the generated stubs of Dapr', () => {
  it('read what the other writes', () => {
    fc.assert(
      fc.property(request, (message) => {
        const bytes = Buffer.from(toBinary(GetBulkStateRequestSchema, create(GetBulkStateRequestSchema, message)));
        expect(plain(readRequest(bytes))).toEqual(plain(message));
        const theirs = fromBinary(GetBulkStateRequestSchema, writeRequest(message));
        expect(plain(theirs)).toEqual(plain(message));
        expect(theirs.parallelism).toBe(message.parallelism);
      }),
    );
  });

  it('write the same bytes of nested messages, however long', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const writer = createMessageWriter(1);
        for (const { entryId, contentType, metadata } of list) {
          const start = beginNested(writer, 3);
          // The stubs do not write the default of proto3.
          if (entryId) writeTextField(writer, 1, entryId);
          if (contentType) writeTextField(writer, 3, contentType);
          for (const [key, value] of Object.entries(metadata)) writeMapEntry(writer, 4, key, value);
          endNested(writer, start);
        }
        const message = create(BulkPublishRequestSchema, { entries: list });
        expect(finishFrame(writer).subarray(5)).toEqual(Buffer.from(toBinary(BulkPublishRequestSchema, message)));
      }),
    );
  });

  it('agree about every message that ours accepts: cut off, changed or random', () => {
    const changed = fc.tuple(request, fc.nat(), fc.nat(255)).map(([message, place, byte]) => {
      const bytes = Buffer.from(writeRequest(message));
      if (bytes.length > 0) bytes[place % bytes.length] = byte;
      return bytes;
    });
    const cut = fc.tuple(request, fc.nat()).map(([message, place]) => {
      const bytes = writeRequest(message);
      return bytes.subarray(0, place % (bytes.length + 1));
    });
    const random = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(changed, cut, random), (bytes) => {
        let read: ReturnType<typeof readRequest> | undefined;
        try {
          read = readRequest(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
        if (!read) return;
        expect(plain(read)).toEqual(plain(fromBinary(GetBulkStateRequestSchema, bytes)));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a malformed message is refused', () => {
  it.each([
    ['a length beyond the end', [0x0a, 0x05, 0x61]],
    ['a length of 32 bits', [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a length of more than 32 bits', [0x0a, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['a number that does not end', [0x18, 0x80, 0x80]],
    ['an unknown number of eleven bytes', [0x78, ...Array(10).fill(0x80), 0x01]],
    ['a tag without a value', [0x0a]],
    ['a text that is a number', [0x08, 0x01]],
    ['a text that is not UTF-8', [0x0a, 0x02, 0xc3, 0x28]],
    ['half a character', [0x0a, 0x02, 0x61, 0xc3]],
    ['the field number 0', [0x02, 0x00]],
    ['a group', [0x7b, 0x7c]],
    ['an unknown field that is cut off', [0x79, 0x01, 0x02]],
  ])('%s', (_, bytes) => expect(() => readRequest(Buffer.from(bytes))).toThrow(MalformedMessage));
});

it('unknown fields of every wire type are skipped', () => {
  const unknown = [0x78, 0xff, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 0x02, 1, 2, 0x7d, 1, 2, 3, 4];
  expect(readRequest(Buffer.from([...unknown, 0x0a, 0x01, 0x61])).storeName).toBe('a');
});
