import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import { type Listening, listen } from '../../http/listen.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries } from './deliveries.ts';

/** The maxMessagesCount of a subscription. */
const recordCount = 10_000;
const event = Buffer.alloc(topics.connectionMandates.maxMessageBytes, '{"x":1}').toString('base64');

let server: Listening;
let seen: { batches: number; records: number; bytes: number; answered: number };
beforeEach(async () => {
  seen = { batches: 0, records: 0, bytes: 0, answered: 0 };
  const deliveries = createDeliveries(authenticateSidecar(undefined), createTestRuntime());
  deliveries.add('pubsub', 'things', async (batch) => {
    seen.batches++;
    seen.records += batch.length;
    seen.bytes = Math.max(seen.bytes, batch.length * event.length);
    // Not awaited: the response arrives only if the event loop is free before the delivery ends.
    void fetch(`${server.url}/healthz`).then(() => seen.answered++);
    return batch.map(() => 'done');
  });
  server = await listen(createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly }), {
    host: '127.0.0.1',
    port: 0,
    variable: 'PORT',
  });
});
afterEach(() => server.close());

const bodyOf = function* () {
  yield '{"entries":[';
  for (let n = 0; n < recordCount; n++)
    yield `${n > 0 ? ',' : ''}{"entryId":"${n}","event":"${event}","metadata":{"__offset":"${n}","__partition":"0"}}`;
  yield '],"topic":"things"}';
};

const send = async (url: string): Promise<{ entryId: string; status: string }[]> => {
  const headers = { 'content-type': 'application/json' };
  const sending = request(`${url}/deliveries/things`, { method: 'POST', headers });
  const [[answer]] = await Promise.all([once(sending, 'response'), pipeline(Readable.from(bodyOf()), sending)]);
  return JSON.parse((await answer.toArray()).join('')).statuses;
};

it('a full delivery of the largest records reaches the handler in batches, and /healthz is answered in between', async () => {
  const statuses = await send(server.url);
  const { answered, batches } = seen;
  expect(statuses).toEqual(Array.from({ length: recordCount }, (_, n) => ({ entryId: String(n), status: 'SUCCESS' })));
  expect(seen.records).toBe(recordCount);
  expect(seen.bytes).toBeLessThan(16 * 1024 * 1024);
  expect(batches).toBeGreaterThan(10);
  // The responses of the last batches may still be in flight.
  expect(answered).toBeGreaterThanOrEqual(batches - 3);
});

it('after a batch with a retry the sidecar repeats the delivery, and no later batch reaches the handler', async () => {
  const deliveries = createDeliveries(authenticateSidecar(undefined), createTestRuntime());
  let batches = 0;
  deliveries.add('pubsub', 'things', async (batch) => {
    batches++;
    return batch.map(() => (batches === 2 ? 'retry' : 'done'));
  });
  const failing = await listen(createDeliveryApp(deliveries.router, { ...createTestRuntime(), access: loopbackOnly }), {
    host: '127.0.0.1',
    port: 0,
    variable: 'PORT',
  });
  const outcomes = (await send(failing.url)).map(({ status }) => status);
  await failing.close();
  expect(outcomes).toHaveLength(recordCount);
  expect(outcomes[0]).toBe('SUCCESS');
  expect(new Set(outcomes.slice(outcomes.indexOf('RETRY')))).toEqual(new Set(['RETRY']));
  expect(batches).toBe(2);
});
