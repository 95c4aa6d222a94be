import { expect, it } from 'vitest';
import type { DeliveredRecord, OutgoingEvent, Topic } from './event-bus.ts';
import type { LogReader, PartitionRange } from './log-reader.ts';

export type LogToRead = {
  readonly topic: Topic;
  readonly log: LogReader;
  publish(events: readonly OutgoingEvent[]): Promise<void>;
};

/** Values as binary codecs write them: invalid UTF-8, zero bytes, a byte order mark, an empty value. */
export const bytesOfAnyCodec: readonly Buffer[] = [
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from([0x00, 0xff]),
  Buffer.from([0x00]),
  Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80]),
  Buffer.alloc(0),
];

/** The contract of the log reader; every adapter runs it, each test on a new topic. */
export const logReaderContract = (open: () => Promise<LogToRead>) => {
  const event = (n: number): OutgoingEvent => ({
    id: String(n),
    key: `K${n % 50}`,
    value: Buffer.from(JSON.stringify({ n })),
  });
  const events = Array.from({ length: 300 }, (_, n) => event(n));
  const openFilled = async () => {
    const { topic, log, publish } = await open();
    await publish(events);
    const read = async (ranges: readonly PartitionRange[]) => {
      const records: DeliveredRecord[] = [];
      await log.read(topic.name, ranges, async (batch) => void records.push(...batch.records));
      return records;
    };
    return { topic, log, publish, read };
  };
  const placesOf = (records: readonly DeliveredRecord[]) =>
    records.map(({ partition, offset }) => `${partition}:${offset}`).sort();
  const placesIn = (ranges: readonly PartitionRange[]) =>
    ranges
      .flatMap(({ partition, begin, end }) =>
        Array.from({ length: end - begin }, (_, n) => `${partition}:${begin + n}`),
      )
      .sort();

  it('reports begin and end offset of each partition', async () => {
    const { topic, log } = await openFilled();
    const ranges = await log.offsets(topic.name);
    expect(ranges.map(({ partition, begin }) => [partition, begin])).toEqual([0, 1, 2, 3].map((n) => [n, 0]));
    expect(ranges.reduce((sum, { end }) => sum + end, 0)).toBe(events.length);
  });

  it('reads every record once, with key, partition, offset and time, in order within a partition', async () => {
    const { topic, log, read } = await openFilled();
    const ranges = await log.offsets(topic.name);
    const records = await read(ranges);
    expect(placesOf(records)).toEqual(placesIn(ranges));
    const { value, key, timestamp } = records.find((record) => JSON.parse(record.value.toString()).n === 7) ?? {};
    expect([value, key]).toEqual([events[7]?.value, 'K7']);
    expect(timestamp).toBeGreaterThan(1_700_000_000_000);
    for (const { partition } of ranges) {
      const offsets = records.filter((record) => record.partition === partition).map(({ offset }) => offset as number);
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    }
  });

  it('reads values that are not valid text unchanged', async () => {
    const { topic, log, publish } = await open();
    await publish(bytesOfAnyCodec.map((value, n) => ({ id: String(n), key: 'K', value })));
    const values: Buffer[] = [];
    await log.read(topic.name, await log.offsets(topic.name), async ({ records }) => {
      values.push(...records.map(({ value }) => value));
    });
    expect(values).toEqual(bytesOfAnyCodec);
  });

  it('reads a tombstone as a record with its key and an empty value', async () => {
    const { topic, log, publish } = await open();
    await publish([event(1), { id: 'tombstone', key: 'K1', value: Buffer.alloc(0) }]);
    const records: DeliveredRecord[] = [];
    await log.read(topic.name, await log.offsets(topic.name), async (batch) => void records.push(...batch.records));
    expect(records.map(({ key, value }) => [key, String(value)])).toEqual([
      ['K1', String(event(1).value)],
      ['K1', ''],
    ]);
  });

  it('reads a range from its begin to before its end, and nothing after it', async () => {
    const { topic, log, publish, read } = await openFilled();
    const ranges = (await log.offsets(topic.name)).map((r) => ({ ...r, begin: Math.min(3, r.end), end: r.end - 1 }));
    await publish([event(301), event(302)]);
    expect(placesOf(await read(ranges))).toEqual(placesIn(ranges));
  });

  it('reads nothing from an empty range', async () => {
    const { read } = await openFilled();
    expect(await read([{ partition: 0, begin: 5, end: 5 }])).toEqual([]);
  });

  it('rejects with the error of the handler', async () => {
    const { topic, log } = await openFilled();
    const reading = log.read(topic.name, await log.offsets(topic.name), async () => {
      throw new Error('cannot be written');
    });
    await expect(reading).rejects.toThrow('cannot be written');
  });

  it('rejects with the reason of the signal once that is aborted', async () => {
    const { topic, log } = await openFilled();
    const aborting = new AbortController();
    const reading = log.read(
      topic.name,
      await log.offsets(topic.name),
      async () => aborting.abort(new Error('enough')),
      aborting.signal,
    );
    await expect(reading).rejects.toThrow('enough');
  });

  it('rejects with the reason of a signal that is aborted while the read begins', async () => {
    const { topic, log } = await openFilled();
    const aborting = new AbortController();
    const reading = log.read(topic.name, await log.offsets(topic.name), async () => {}, aborting.signal);
    aborting.abort(new Error('not needed'));
    await expect(reading).rejects.toThrow('not needed');
  });
};
