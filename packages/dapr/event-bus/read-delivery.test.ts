import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeliveredEntry, MalformedDelivery, readDelivery } from './read-delivery.ts';

type Entry = { entryId: string; event: string; metadata: Record<string, string>; contentType?: string };

const inChunks = async function* (body: Buffer, bytes: number) {
  for (let at = 0; at < body.length; at += bytes) yield body.subarray(at, at + bytes);
};
const read = async (body: Buffer, { chunk = 7, pieceBytes = 64, maxEntryBytes = 1_000_000 } = {}) => {
  const pieces: (readonly DeliveredEntry[])[] = [];
  for await (const piece of readDelivery(inChunks(body, chunk), 'things', { pieceBytes, maxEntryBytes }))
    pieces.push(piece);
  return pieces;
};
/** The format of the sidecar: entries first, without blanks. */
const bodyOf = (entries: readonly Entry[]) =>
  Buffer.from(JSON.stringify({ entries, id: 'x', metadata: { entries: '}]' }, topic: 'things' }));
const asRead = ({ entryId, event, metadata }: Entry) => ({ entryId, value: Buffer.from(event, 'base64'), metadata });

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('},{"entryId":', '"},{"entryId":"', ']}', '\\', '\u2028'),
);
const anEntry: fc.Arbitrary<Entry> = fc.record({
  entryId: fc.string({ minLength: 1 }),
  event: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  metadata: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    text,
    { noNullPrototype: true },
  ),
});

describe('a delivery that is parsed in pieces', () => {
  it('has the same entries as the whole, however its bytes are chunked', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(anEntry, { maxLength: 20 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 2_000 }),
        async (entries, chunk, pieceBytes) => {
          const body = bodyOf(entries);
          if (!body.equals(Buffer.from(body.toString()))) return; // a lone surrogate
          expect((await read(body, { chunk, pieceBytes })).flat()).toEqual(entries.map(asRead));
        },
      ),
    ));

  it('has an empty value for a tombstone: no event, an empty one, or the bytes `null`', async () => {
    const entries = [undefined, null, '', 'bnVsbA==', 'bm93'].map((event, n) => ({ entryId: String(n), event }));
    const [piece] = await read(Buffer.from(JSON.stringify({ entries })), { pieceBytes: 10_000 });
    expect(piece?.map(({ value }) => String(value))).toEqual(['', '', '', '', 'now']);
  });

  it('keeps few entries in memory', async () => {
    const entries = Array.from({ length: 100 }, (_, n) => ({ entryId: String(n), event: 'bm93', metadata: {} }));
    const pieces = await read(bodyOf(entries), { pieceBytes: 200 });
    expect(pieces.flat()).toHaveLength(100);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(10);
  });

  it('is parsed whole if it has blanks or another field order', async () => {
    const entries = [
      { event: 'bm93', entryId: '0' },
      { event: 'bm93', entryId: '1' },
    ];
    const [piece, ...more] = await read(Buffer.from(JSON.stringify({ topic: 'things', entries }, null, 2)));
    expect([piece?.map(({ entryId }) => entryId), more]).toEqual([['0', '1'], []]);
  });

  it('accepts an entry larger than a piece, and refuses one above the limit', async () => {
    const large = { entryId: '0', event: Buffer.alloc(3_000).toString('base64'), metadata: {} };
    const small = { entryId: '1', event: 'bm93', metadata: {} };
    const body = bodyOf([small, large, small, large]);
    expect((await read(body)).flat().map(({ value }) => value.length)).toEqual([3, 3_000, 3, 3_000]);
    await expect(read(body, { maxEntryBytes: 2_000 })).rejects.toMatchObject({ status: 413 });
  });

  it.each([
    `{"entries":[{"entryId":"0"}},{"entryId":"1"}]}`,
    `{"entries":[{"entryId":"0","event":{"x":[{"y":1},{"entryId":"1"}]}},{"entryId":"2"}]}`,
    `{"entries":[{"entryId":"0"},{"entryId":"1"}`,
    `{"entries":[{"entryId":"0"},{"entryId":"1"}],"topic":"others"}`,
  ])('is refused if the whole would be refused: %s', async (body) => {
    for (const pieceBytes of [1, 10, 30, 1_000])
      await expect(read(Buffer.from(body), { chunk: 1, pieceBytes })).rejects.toThrow(MalformedDelivery);
  });
});
