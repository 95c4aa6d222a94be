import { create, toBinary } from '@bufbuild/protobuf';
import { TopicEventBulkRequestSchema } from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedMessage } from '../../grpc/message-reader.ts';
import type { Piece } from './deliver.ts';
import { readBulkEvent } from './read-bulk-event.ts';
import { MalformedDelivery } from './read-delivery.ts';

type Entry = { entryId: string; value: Uint8Array; metadata: Record<string, string> };

const inChunks = async function* (bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};
const read = async (
  message: Uint8Array,
  { chunk = 7, pieceBytes = 64, maxBufferedBytes = 1_000_000, length = message.length } = {},
) => {
  const frame = Buffer.concat([Buffer.alloc(5), message]);
  frame.writeUInt32BE(length, 1);
  const pieces: Piece[] = [];
  const limits = { pieceBytes, maxBufferedBytes };
  for await (const piece of readBulkEvent(inChunks(frame, chunk), { now: () => 1 }, limits)) pieces.push(piece);
  return pieces;
};
const encode = (entries: readonly Entry[], more: object = {}) =>
  toBinary(
    TopicEventBulkRequestSchema,
    create(TopicEventBulkRequestSchema, {
      entries: entries.map(({ entryId, value, metadata }) => ({
        entryId,
        event: { case: 'bytes', value } as const,
        contentType: 'application/octet-stream',
        metadata,
      })),
      topic: 'things',
      path: '/deliveries/things',
      ...more,
    }),
  );
const idsOf = (pieces: readonly Piece[]) => pieces.flatMap(({ entryIds }) => entryIds);
const valuesOf = (pieces: readonly Piece[]) => pieces.flatMap(({ records }) => records.map(({ value }) => value));

const text = fc.string({ unit: 'binary', maxLength: 20 });
const anEntry: fc.Arbitrary<Entry> = fc.record({
  entryId: fc.string({ minLength: 1 }),
  value: fc.uint8Array({ maxLength: 300 }).filter((bytes) => String(Buffer.from(bytes)) !== 'null'),
  metadata: fc.oneof(
    fc.dictionary(text, text),
    fc.dictionary(text, text).map((one) => ({ ...one, __topic: 'things' })),
  ),
});

const named = (entryId: string, length = 100): Entry => ({
  entryId,
  value: Buffer.alloc(length, entryId),
  metadata: { __topic: 'things' },
});
const unnamed = (entryId: string, length = 100): Entry => ({ ...named(entryId, length), metadata: {} });

describe('a delivery that is decoded in pieces', () => {
  it('has the same records as the whole, however its bytes are chunked', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anEntry, { maxLength: 20 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 2_000 }),
        async (entries, chunk, pieceBytes) => {
          const pieces = await read(encode(entries), { chunk, pieceBytes });
          expect(idsOf(pieces)).toEqual(entries.map(({ entryId }) => entryId));
          expect(valuesOf(pieces)).toEqual(entries.map(({ value }) => Buffer.from(value)));
        },
      ),
    ));

  it('yields a piece before the rest has arrived if every entry names the topic', async () => {
    const message = encode(['0', '1', '2', '3'].map((id) => named(id)));
    let sent = 0;
    const frame = Buffer.concat([Buffer.alloc(5), message]);
    frame.writeUInt32BE(message.length, 1);
    const request = async function* () {
      for await (const chunk of inChunks(frame, 50)) {
        sent += chunk.length;
        yield chunk;
      }
    };
    const pieces = readBulkEvent(request(), { now: () => 1 }, { pieceBytes: 200, maxBufferedBytes: 1_000 });
    const { value } = await pieces.next();
    expect((value as Piece).entryIds).toEqual(['0']);
    expect(sent).toBeLessThan(frame.length / 2);
  });

  it.each([
    ['no entry names its topic', ['0', '1', '2', '3', '4'].map((id) => unnamed(id))],
    ['an entry does not', [named('0'), unnamed('1'), named('2'), named('3'), named('4')]],
    [
      'an entry names another topic',
      [named('0'), { ...named('1'), metadata: { __topic: 'others' } }, named('2'), named('3'), named('4')],
    ],
  ])('waits for the topic at the end if %s', async (_, entries) => {
    const pieceBytes = 330;
    const pieces = await read(encode(entries), { pieceBytes });
    expect(idsOf(pieces)).toEqual(['0', '1', '2', '3', '4']);
    expect(new Set(pieces.map(({ topic }) => topic))).toEqual(new Set(['things']));
    expect(pieces.length).toBeGreaterThan(1);
    await expect(read(encode(entries), { pieceBytes, maxBufferedBytes: 400 })).rejects.toMatchObject({ status: 413 });
  });

  it('is refused at its end if the entries named another topic than the delivery', async () => {
    const forged = ['0', '1', '2'].map((id) => ({ ...named(id), metadata: { __topic: 'others' } }));
    await expect(read(encode(forged))).rejects.toThrow('the delivery is of another topic');
  });

  it('accepts an entry larger than a piece, and refuses one above the limit', async () => {
    const message = encode([named('0'), named('1', 3_000), named('2'), named('3', 3_000)]);
    expect(idsOf(await read(message))).toEqual(['0', '1', '2', '3']);
    await expect(read(message, { maxBufferedBytes: 2_000 })).rejects.toMatchObject({ status: 413 });
  });

  it('may have its fields in any order', async () => {
    const entries = encode([named('0')], { topic: '', path: '' });
    const rest = encode([]);
    expect(idsOf(await read(Buffer.concat([rest, entries, entries]), { pieceBytes: 1 }))).toEqual(['0', '0']);
  });

  it('is refused if the whole would be refused, however its bytes are chunked', async () => {
    const good = encode(['0', '1', '2'].map((id) => named(id)));
    const bad = [
      [encode(['0', '1', ''].map((id) => named(id))), good.length],
      [good, good.length + 1],
      [good, good.length - 1],
      [good.subarray(0, -1), good.length],
      [Buffer.concat([good, Buffer.of(0x0b)]), good.length + 1],
    ] as const;
    for (const pieceBytes of [1, 10, 150, 10_000])
      for (const chunk of [1, 7, 10_000])
        for (const [message, length] of bad) {
          const error = await read(message, { pieceBytes, chunk, length }).catch((reason) => reason);
          expect(error instanceof MalformedDelivery || error instanceof MalformedMessage).toBe(true);
        }
  });
});
