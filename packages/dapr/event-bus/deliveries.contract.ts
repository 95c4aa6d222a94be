import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import { type Listening, listen } from '../../http/listen.ts';
import type { DeliveredRecord } from '../../projections/event-bus.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries } from './deliveries.ts';

export const now = 1_000;

export type Entry = { entryId: string; event?: Buffer; metadata?: Record<string, string> };
type Status = { entryId: string; status: 'SUCCESS' | 'RETRY' };
/** The answer to a delivery: a status per entry, or the status code of the protocol that refuses it. */
type DeliveryAnswer = { statuses: Status[] } | { refused: number };

/** How a sidecar delivers in one protocol. */
export type DeliveryTransport = {
  /** `topic` is the topic of the route; headers are those of the protocol, for example dapr-api-token. */
  send(
    url: string,
    topic: string,
    entries: readonly Entry[],
    headers?: Record<string, string>,
  ): Promise<DeliveryAnswer>;
  readonly refusals: { unknownTopic: number; foreignCaller: number; malformed: number };
  readonly hostHeader: string;
};

const servers: Listening[] = [];

/** The subscription to the topic `things` on a port of its own; its handler answers retry to the value later, and throws at throw. */
export const openDeliveries = async (token?: string) => {
  const lines: { msg: string; status?: number; path?: string }[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const deliveries = createDeliveries(authenticateSidecar(token), { log, now: () => now });
  const seen: DeliveredRecord[] = [];
  const batches: number[] = [];
  const subscription = deliveries.add('pubsub', 'things', async (batch) => {
    seen.push(...batch);
    batches.push(batch.length);
    if (batch.some(({ value }) => value.toString() === 'throw')) throw new Error('the handler fails');
    return batch.map(({ value }) => (value.toString() === 'later' ? 'retry' : 'done'));
  });
  const app = createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly });
  const server = await listen(app, { host: '127.0.0.1', port: 0, variable: 'PORT' }, deliveries.callbacks);
  servers.push(server);
  return { app, server, url: server.url, seen, batches, subscription, lines };
};

export const entry = (entryId: string, text: string, metadata?: Record<string, string>): Entry => ({
  entryId,
  event: Buffer.from(text),
  ...(metadata && { metadata }),
});

/** The contract of a delivery; every protocol runs it. */
export const deliveriesContract = ({ send, refusals, hostHeader }: DeliveryTransport) => {
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  const deliver = async (entries: readonly Entry[], token?: string) => {
    const opened = await openDeliveries(token);
    return { ...opened, answer: await send(opened.url, 'things', entries) };
  };

  it('passes records with partition and offset to the handler, and returns one status per entry', async () => {
    const metadata = { __key: 'k', __partition: '2', __offset: '7', __timestamp: '5', __topic: 'things' };
    const { answer, seen } = await deliver([
      entry('0', 'now', metadata),
      entry('1', 'later', { partitionKey: 'p' }),
      entry('2', 'bare'),
    ]);
    expect(answer).toEqual({
      statuses: [
        { entryId: '0', status: 'SUCCESS' },
        { entryId: '1', status: 'RETRY' },
        { entryId: '2', status: 'SUCCESS' },
      ],
    });
    expect(seen).toEqual([
      { topic: 'things', value: Buffer.from('now'), key: 'k', partition: 2, offset: 7, timestamp: 5 },
      { topic: 'things', value: Buffer.from('later'), key: 'p', timestamp: now },
      { topic: 'things', value: Buffer.from('bare'), timestamp: now },
    ]);
  });

  it.each([
    ['-1', '7', 'soon'],
    ['1', '', '-1'],
    ['1', '1e3', '1.5'],
    ['', '7', ''],
    ['1', '1234567890123456', '9999999999999999'],
    ['٣', '7', ' 5'],
  ])('omits partition and offset when one is invalid: %j %j, and an invalid time %j', async (partition, offset, time) => {
    const { seen } = await deliver([
      entry('0', 'now', { __partition: partition, __offset: offset, __timestamp: time }),
    ]);
    expect(seen).toEqual([{ topic: 'things', value: Buffer.from('now'), timestamp: now }]);
  });

  it('reads an empty value, a missing value and the bytes null as a tombstone', async () => {
    const { seen } = await deliver([
      { entryId: '0' },
      entry('1', ''),
      entry('2', 'null'),
      entry('3', 'nul'),
      entry('4', 'null '),
    ]);
    expect(seen.map(({ value }) => value.toString())).toEqual(['', '', '', 'nul', 'null ']);
  });

  it('keeps values that are not text, and ignores metadata of other names', async () => {
    const value = Buffer.from([0xff, 0, 0xc3, 0x28]);
    const names = ['', '__keY', '__offse', '__offset_', '__partitioN', '__timestamq', 'replay-oF', 'constructor', 'é'];
    const metadata = Object.fromEntries(names.map((name) => [name, '7']));
    const { seen } = await deliver([{ entryId: '0', event: value, metadata: { ...metadata, __key: '' } }]);
    expect(seen).toEqual([{ topic: 'things', value, key: '', timestamp: now }]);
  });

  it('decodes a key and a place that the component has escaped, and leaves other texts as they are', async () => {
    const place = { __partition: '2', __offset: '7' };
    const { seen } = await deliver([
      entry('0', 'a', { ...place, __key: 'a+b%2F%C3%A9%25', 'replay-of': 'things%2F2%2F3' }),
      entry('1', 'b', { ...place, __key: 'a b/é%', 'replay-of': 'things/2/3' }),
      entry('2', 'c', { ...place, __key: '%41%zz', 'replay-of': 'others/2/3' }),
      entry('3', 'd', { ...place, __key: '%FF+', 'replay-of': '' }),
    ]);
    expect(seen.map(({ key, replayOf }) => [key, replayOf])).toEqual([
      ['a b/é%', { partition: 2, offset: 3 }],
      ['a b/é%', { partition: 2, offset: 3 }],
      ['%41%zz', { partition: 2, offset: -1 }],
      ['\ufffd ', { partition: 2, offset: -1 }],
    ]);
  });

  it('asks for redelivery when the handler throws or the subscription is closed', async () => {
    const again = { statuses: [{ entryId: '0', status: 'RETRY' }] };
    const { answer, url, subscription } = await deliver([entry('0', 'throw')]);
    expect(answer).toEqual(again);
    await subscription.close();
    expect(await send(url, 'things', [entry('0', 'now')])).toEqual(again);
  });

  it.each([
    { __topic: 'things' },
    {},
  ])('asks for redelivery of all batches after one with a retry: %j', async (metadata) => {
    const large = (entryId: string) => ({ entryId, event: Buffer.alloc(5_000_000, 'x'), metadata });
    const entries = [large('0'), large('1'), entry('2', 'later', metadata), ...['3', '4', '5', '6'].map(large)];
    const { answer, batches } = await deliver(entries);
    const statuses = 'statuses' in answer ? answer.statuses.map(({ status }) => status) : [];
    expect(statuses).toHaveLength(7);
    expect(statuses.indexOf('RETRY')).toBe(2);
    // The batch of the retry holds at most two large entries behind it.
    expect(new Set(statuses.slice(5))).toEqual(new Set(['RETRY']));
    expect(batches.reduce((sum, length) => sum + length, 0)).toBeLessThan(6);
  });

  it('refuses a delivery of an unknown topic in a way that a sidecar repeats', async () => {
    const { url, lines } = await openDeliveries();
    expect(await send(url, 'others', [entry('0', 'now')])).toEqual({ refused: refusals.unknownTopic });
    expect(lines.every(({ msg }) => msg === 'delivery cannot be read')).toBe(true);
  });

  it('refuses an entry without an id, and never passes it to the handler', async () => {
    const { answer, seen, lines } = await deliver([entry('0', 'now'), entry('', 'now')]);
    expect(answer).toEqual({ refused: refusals.malformed });
    expect(seen).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it('logs at most five refused deliveries in a row', async () => {
    const { url, lines } = await openDeliveries();
    for (let n = 0; n < 20; n++) await send(url, 'things', [entry('', 'now')]);
    expect(lines).toHaveLength(5);
  });

  describe('the caller', () => {
    it('must send the token, if one is configured', async () => {
      const { url, seen } = await openDeliveries('secret');
      for (const headers of [
        {},
        { 'dapr-api-token': 'wrong' },
        { 'dapr-api-token': '' },
        { 'dapr-api-token': 'secretx' },
      ])
        expect(await send(url, 'things', [entry('0', 'now')], headers)).toEqual({ refused: refusals.foreignCaller });
      expect(seen).toEqual([]);
      const token = { 'dapr-api-token': 'secret' };
      expect(await send(url, 'things', [entry('0', 'now')], token)).toHaveProperty('statuses');
    });

    it('may be any program of this machine without a token, but must name a loopback host', async () => {
      const { url, seen } = await openDeliveries();
      for (const host of ['localhost', '127.0.0.1:5002', '[::1]:5002'])
        expect(await send(url, 'things', [entry('0', 'now')], { [hostHeader]: host })).toHaveProperty('statuses');
      seen.length = 0;
      for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:5002'])
        expect(await send(url, 'things', [entry('0', 'now')], { [hostHeader]: host })).toHaveProperty('refused');
      expect(seen).toEqual([]);
    });
  });
};
