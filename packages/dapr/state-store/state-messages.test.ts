import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { StateOptions_StateConcurrency } from '@dapr/dapr/proto/dapr/proto/common/v1/common_pb.js';
import {
  ExecuteStateTransactionRequestSchema,
  GetBulkStateRequestSchema,
  GetBulkStateResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFrame } from '../../grpc/frame.ts';
import { MalformedMessage } from '../../grpc/message-reader.ts';
import { type Operation, readParallelism } from './state-calls.ts';
import { frameBulkRead, frameTransaction, parseStateItems } from './state-messages.ts';

const text = fc
  .oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 300 }))
  .map((one) => String(Buffer.from(one)));
const items = fc.array(fc.record({ key: text, data: text, etag: text, error: text }), { maxLength: 20 });
type Item = { key: string; data: string; etag: string; error: string };
const encodeItems = (list: Item[], metadataOf = (_: Item): Record<string, string> => ({})) =>
  Buffer.from(
    toBinary(
      GetBulkStateResponseSchema,
      create(GetBulkStateResponseSchema, {
        items: list.map((item) => ({ ...item, data: Buffer.from(item.data), metadata: metadataOf(item) })),
      }),
    ),
  );

const upsert = fc.record({
  operation: fc.constant('upsert' as const),
  request: fc.record(
    { key: text, value: fc.jsonValue(), etag: text, options: fc.constant({ concurrency: 'first-write' } as const) },
    { requiredKeys: ['key', 'value'] },
  ),
});
const remove = fc.record({ operation: fc.constant('delete' as const), request: fc.record({ key: text }) });
const operations: fc.Arbitrary<Operation[]> = fc.array(fc.oneof(upsert, remove), { maxLength: 20 });

describe('our messages and the generated stubs of Dapr agree about', () => {
  it('a read of many keys', () =>
    fc.assert(
      fc.property(text, fc.array(text), (store, keys) => {
        const read = fromBinary(GetBulkStateRequestSchema, parseFrame(frameBulkRead(store, keys)));
        expect(read).toMatchObject({ storeName: store, keys, parallelism: readParallelism, metadata: {} });
      }),
    ));

  it('the items of its answer', () =>
    fc.assert(
      fc.property(items, (list) => {
        expect(parseStateItems(encodeItems(list, ({ key }) => ({ place: key })))).toEqual(list);
      }),
    ));

  it('a transaction', () =>
    fc.assert(
      fc.property(text, operations, (store, list) => {
        const read = fromBinary(ExecuteStateTransactionRequestSchema, parseFrame(frameTransaction(store, list)));
        expect(read.storeName).toBe(store);
        const asRead = read.operations.map(({ operationType, request }) => ({
          operationType,
          key: request?.key,
          value: String(Buffer.from(request?.value ?? [])),
          etag: request?.etag?.value,
          concurrency: request?.options?.concurrency,
        }));
        const expected = list.map(({ operation, request: { key, value, etag, options } }) => ({
          operationType: operation,
          key,
          value: operation === 'upsert' ? JSON.stringify(value) : '',
          etag,
          concurrency: options && StateOptions_StateConcurrency.CONCURRENCY_FIRST_WRITE,
        }));
        expect(asRead).toEqual(expected);
      }),
    ));
});

it('an answer that is cut off, changed or random is refused, or read as the stubs read it', () => {
  const changed = fc.tuple(items, fc.nat(), fc.nat(255), fc.boolean()).map(([list, place, byte, isCut]) => {
    const bytes = encodeItems(list);
    if (isCut) return bytes.subarray(0, place % (bytes.length + 1));
    if (bytes.length > 0) bytes[place % bytes.length] = byte;
    return bytes;
  });
  const random = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(changed, random), (bytes) => {
      const read = refused(() => parseStateItems(bytes));
      if (read instanceof Error) return void expect(read).toBeInstanceOf(MalformedMessage);
      const theirs = refused(() => fromBinary(GetBulkStateResponseSchema, bytes));
      // We skip the metadata. The stubs parse them, and read beyond their end if a length in them is wrong.
      if (theirs instanceof Error || theirs.items.some(({ metadata }) => Object.keys(metadata).length > 0)) return;
      const asRead = theirs.items.map(({ key, data, etag, error }) => [key, String(Buffer.from(data)), etag, error]);
      expect(read.map(({ key, data, etag, error }) => [key, data, etag, error])).toEqual(asRead);
    }),
    { numRuns: 2_000 },
  );
});

const refused = <T>(read: () => T): T | Error => {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
};
