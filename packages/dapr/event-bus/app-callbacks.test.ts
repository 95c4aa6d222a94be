import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  ListInputBindingsResponseSchema,
  ListTopicSubscriptionsResponseSchema,
  TopicEventBulkRequestSchema,
  TopicEventBulkResponseSchema,
  TopicEventRequestSchema,
  TopicEventResponse_TopicEventResponseStatus as TopicEventStatus,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/appcallback_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callGrpc, decodeFrame, encodeFrame } from '../../../tests/call-grpc.ts';
import { statusCodes } from '../../grpc/status.ts';
import {
  type DeliveryTransport,
  deliveriesContract,
  type Entry,
  entry,
  openDeliveries,
} from './deliveries.contract.ts';

const service = '/dapr.proto.runtime.v1.AppCallback';
const onBulkTopicEvent = `${service}/OnBulkTopicEvent`;

const encodeDelivery = (topic: string, entries: readonly Entry[], more: object = {}) =>
  encodeFrame(TopicEventBulkRequestSchema, {
    id: 'a',
    entries: entries.map(({ entryId, event, metadata }) => ({
      entryId,
      ...(event && { event: { case: 'bytes', value: event } as const }),
      contentType: 'application/octet-stream',
      metadata: metadata ?? {},
    })),
    metadata: { pubsubName: 'pubsub' },
    topic,
    pubsubName: 'pubsub',
    type: 'com.dapr.event.sent.bulk',
    path: `/deliveries/${topic}`,
    ...more,
  });

const createTransport = (method: string): DeliveryTransport => ({
  send: async (url, topic, entries, headers) => {
    const { status, frame } = await callGrpc(url, method, encodeDelivery(topic, entries), headers);
    if (status !== statusCodes.ok) return { refused: status };
    const { statuses } = decodeFrame(TopicEventBulkResponseSchema, frame);
    const nameOf = (one: TopicEventStatus) => TopicEventStatus[one] as 'SUCCESS' | 'RETRY';
    return { statuses: statuses.map((one) => ({ entryId: one.entryId, status: nameOf(one.status) })) };
  },
  refusals: {
    unknownTopic: statusCodes.unavailable,
    foreignCaller: statusCodes.unauthenticated,
    malformed: statusCodes.invalidArgument,
  },
  hostHeader: ':authority',
});

describe.each([onBulkTopicEvent, `${service}Alpha/OnBulkTopicEventAlpha1`])('a delivery over gRPC by %s', (method) => {
  deliveriesContract(createTransport(method));
});

describe('the methods of the sidecar', () => {
  const empty = encodeFrame(EmptySchema, {});

  it('list the subscription as raw and in bulk, on the route that HTTP uses', async () => {
    const { url } = await openDeliveries('secret');
    const { status, frame } = await callGrpc(url, `${service}/ListTopicSubscriptions`, empty);
    expect(status).toBe(statusCodes.ok);
    const { subscriptions } = decodeFrame(ListTopicSubscriptionsResponseSchema, frame);
    expect(subscriptions).toMatchObject([
      {
        pubsubName: 'pubsub',
        topic: 'things',
        metadata: { rawPayload: 'true' },
        routes: { rules: [], default: '/deliveries/things' },
        deadLetterTopic: '',
        bulkSubscribe: { enabled: true, maxMessagesCount: 10_000, maxAwaitDurationMs: 4 },
      },
    ]);
  });

  it('answer the health check, and list no input bindings, without a token, as daprd calls them', async () => {
    const { url } = await openDeliveries('secret');
    const health = await callGrpc(url, `${service}HealthCheck/HealthCheck`, empty);
    expect(health).toMatchObject({ status: statusCodes.ok, frame: empty });
    const { status, frame } = await callGrpc(url, `${service}/ListInputBindings`, empty);
    expect(status).toBe(statusCodes.ok);
    expect(decodeFrame(ListInputBindingsResponseSchema, frame).bindings).toEqual([]);
  });

  it('refuse a single event so that the sidecar repeats it, and never acknowledge it', async () => {
    const { url, seen } = await openDeliveries();
    const event = encodeFrame(TopicEventRequestSchema, { id: '1', topic: 'things', data: Buffer.from('now') });
    const { status } = await callGrpc(url, `${service}/OnTopicEvent`, event);
    expect(status).toBe(statusCodes.failedPrecondition);
    expect(seen).toEqual([]);
  });

  it('are no others: a method that delivers nothing is unimplemented', async () => {
    const { url } = await openDeliveries();
    for (const method of ['/OnInvoke', '/OnBindingEvent', '/OnJobEvent', '', '/constructor'])
      expect(await callGrpc(url, `${service}${method}`, empty)).toMatchObject({ status: statusCodes.unimplemented });
  });
});

describe('a malformed delivery over gRPC', () => {
  const good = encodeDelivery('things', [entry('0', 'now')]);

  it.each([
    ['of another topic than its route', encodeDelivery('things', [entry('0', 'now')], { topic: 'others' })],
    ['without a topic', encodeDelivery('things', [entry('0', 'now')], { topic: '' })],
    ['without a route', encodeDelivery('things', [entry('0', 'now')], { path: '' })],
    ['on another route', encodeDelivery('things', [entry('0', 'now')], { path: '/things' })],
    [
      'with a parsed CloudEvent',
      encodeFrame(TopicEventBulkRequestSchema, {
        entries: [{ entryId: '0', event: { case: 'cloudEvent', value: { id: '1', data: Buffer.from('now') } } }],
        topic: 'things',
        path: '/deliveries/things',
      }),
    ],
    ['that is empty', Buffer.alloc(0)],
    ['that ends inside the prefix', good.subarray(0, 4)],
    ['that ends inside the message', good.subarray(0, -1)],
    ['with a byte behind the message', Buffer.concat([good, Buffer.alloc(1)])],
    ['that is two messages', Buffer.concat([good, good])],
    ['that is compressed', Buffer.concat([Buffer.of(1), good.subarray(1)])],
  ])('is refused with one log line and never reaches the handler: one %s', async (_, frame) => {
    const { url, seen, lines } = await openDeliveries();
    const { status } = await callGrpc(url, onBulkTopicEvent, frame);
    expect([statusCodes.invalidArgument, statusCodes.internal]).toContain(status);
    expect(seen).toEqual([]);
    expect(lines).toEqual([
      expect.objectContaining({ msg: 'delivery cannot be read', path: onBulkTopicEvent, status }),
    ]);
  });

  it('is never answered with UNIMPLEMENTED or a status for an entry that it does not have, whatever its bytes are', async () => {
    const { url, seen } = await openDeliveries();
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((random) => Buffer.from(random)),
      fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([place, byte]) => {
        const changed = Buffer.from(good);
        changed[place] = byte;
        return changed;
      }),
      fc.nat(good.length).map((length) => good.subarray(0, length)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (frame) => {
        seen.length = 0;
        const { status, frame: response } = await callGrpc(url, onBulkTopicEvent, frame);
        expect(status).not.toBe(statusCodes.unimplemented);
        const statuses = status === statusCodes.ok ? decodeFrame(TopicEventBulkResponseSchema, response).statuses : [];
        expect(statuses.length).toBe(seen.length);
      }),
      { numRuns: 300 },
    );
  });
});
