import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  TopicEventBulkRequestSchema,
  TopicEventBulkResponseSchema,
  TopicEventResponse_TopicEventResponseStatus,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { callGrpc, decodeFrame } from '../../../tests/call-grpc.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { loopbackOnly } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import { type Listening, listen } from '../../http/listen.ts';
import { authenticateSidecar } from '../sidecar-authentication.ts';
import { createDeliveries, type Deliveries } from './deliveries.ts';

/** The maxMessagesCount of a subscription. */
const recordCount = 10_000;
const event = Buffer.alloc(topics.connectionMandates.maxMessageBytes, '{"x":1}');
const encodedEvent = event.toString('base64');
const everyEntryId = Array.from({ length: recordCount }, (_, n) => String(n));
type Status = { entryId: string; status: string };

const listenTo = ({ router, callbacks }: Deliveries) =>
  listen(
    createDeliveryApp(router, { ...createTestRuntime(), access: loopbackOnly }),
    { host: '127.0.0.1', port: 0, variable: 'PORT' },
    callbacks,
  );

let server: Listening;
let seen: { batches: number; records: number; bytes: number; answered: number };
/** Each is the error of a request, if it failed. */
let healthChecks: Promise<Error | undefined>[];
beforeEach(async () => {
  seen = { batches: 0, records: 0, bytes: 0, answered: 0 };
  healthChecks = [];
  const deliveries = createDeliveries(authenticateSidecar(undefined), createTestRuntime());
  deliveries.add('pubsub', 'things', async (batch) => {
    seen.batches++;
    seen.records += batch.length;
    seen.bytes = Math.max(seen.bytes, batch.length * encodedEvent.length);
    // Not awaited here: the response arrives only if the event loop is free before the delivery ends.
    healthChecks.push(
      fetch(`${server.url}/healthz`).then(
        () => void seen.answered++,
        (error: Error) => error,
      ),
    );
    return batch.map(() => 'done');
  });
  server = await listenTo(deliveries);
});
afterEach(async () => {
  const errors = (await Promise.all(healthChecks)).filter(Boolean);
  await server.close();
  expect(errors).toEqual([]);
});

const httpBody = function* () {
  yield '{"entries":[';
  for (let n = 0; n < recordCount; n++)
    yield `${n > 0 ? ',' : ''}{"entryId":"${n}","event":"${encodedEvent}","metadata":{"__offset":"${n}","__partition":"0"}}`;
  yield '],"topic":"things"}';
};

const sendOverHttp = async (url: string): Promise<string[]> => {
  const headers = { 'content-type': 'application/json' };
  const sending = request(`${url}/deliveries/things`, { method: 'POST', headers });
  const [[answer]] = await Promise.all([once(sending, 'response'), pipeline(Readable.from(httpBody()), sending)]);
  const { statuses } = JSON.parse((await answer.toArray()).join('')) as { statuses: Status[] };
  expect(statuses.map(({ entryId }) => entryId)).toEqual(everyEntryId);
  return statuses.map(({ status }) => status);
};

/** The entries of a request are encoded alone: a message is the concatenation of its fields. */
const grpcBody = function* () {
  const metadata = (n: number) => ({ __offset: String(n), __partition: '0', __topic: 'things' });
  const encode = (message: MessageInitShape<typeof TopicEventBulkRequestSchema>) =>
    Buffer.from(toBinary(TopicEventBulkRequestSchema, create(TopicEventBulkRequestSchema, message)));
  const encodeEntry = (n: number) =>
    encode({ entries: [{ entryId: String(n), event: { case: 'bytes', value: event }, metadata: metadata(n) }] });
  const route = encode({ topic: 'things', path: '/deliveries/things' });
  let length = route.length;
  for (let n = 0; n < recordCount; n++) length += encodeEntry(n).length;
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  yield prefix;
  for (let n = 0; n < recordCount; n++) yield encodeEntry(n);
  yield route;
};

const sendOverGrpc = async (url: string): Promise<string[]> => {
  const method = '/dapr.proto.runtime.v1.AppCallback/OnBulkTopicEvent';
  const { status, frame } = await callGrpc(url, method, grpcBody());
  expect(status).toBe(0);
  const { statuses } = decodeFrame(TopicEventBulkResponseSchema, frame);
  expect(statuses.map(({ entryId }) => entryId)).toEqual(everyEntryId);
  return statuses.map((one) => TopicEventResponse_TopicEventResponseStatus[one.status]);
};

describe.each([
  ['HTTP', sendOverHttp],
  ['gRPC', sendOverGrpc],
])('a full delivery over %s', (_, send) => {
  it('of the largest records reaches the handler in batches, and /healthz is answered in between', async () => {
    expect(new Set(await send(server.url))).toEqual(new Set(['SUCCESS']));
    const { answered, batches } = seen;
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
    const failing = await listenTo(deliveries);
    const outcomes = await send(failing.url);
    await failing.close();
    expect(outcomes).toHaveLength(recordCount);
    expect(outcomes[0]).toBe('SUCCESS');
    expect(new Set(outcomes.slice(outcomes.indexOf('RETRY')))).toEqual(new Set(['RETRY']));
    expect(batches).toBe(2);
  });
});
