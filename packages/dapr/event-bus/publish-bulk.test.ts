import { createServer } from 'node:http';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BulkPublishRequestSchema, BulkPublishResponseSchema } from '@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, afterTest, end, frame, listenOnFreePort, startUnaryServer } from '../../../tests/unary-server.ts';
import { parseFrame } from '../../grpc/frame.ts';
import { connectSidecar } from '../sidecar.ts';
import { createPublishBulk } from './publish-bulk.ts';
import { frameBulkPublish } from './publish-messages.ts';

const events = ['a', 'b', 'c'].map((id) => ({ id, key: `key of ${id}`, value: Buffer.from(`{"of":"${id}"}`) }));
const response = (...failedEntries: { entryId: string; error: string }[]) =>
  frame(toBinary(BulkPublishResponseSchema, create(BulkPublishResponseSchema, { failedEntries })));
const ok: Answer = (stream) => end(stream, { 'grpc-status': '0' }, response());
const failed: Answer = (stream) => end(stream, { 'grpc-status': '13', 'grpc-message': 'kafka: too large' });

/** A sidecar whose answers over gRPC come from `answer.grpc`, and over HTTP from `answer.http`. */
const startSidecar = async (answer: { grpc: Answer; http: { status: number; body?: unknown } }) => {
  const calls: string[] = [];
  const http = createServer((req, res) => {
    if (req.url?.endsWith('/metadata')) {
      res.end(JSON.stringify({ id: 'app', components: [{ name: 'pubsub', type: 'pubsub.kafka', version: 'v1' }] }));
      return;
    }
    calls.push('http');
    req.resume().on('end', () => res.writeHead(answer.http.status).end(JSON.stringify(answer.http.body)));
  });
  const sent: ReturnType<typeof readRequest>[] = [];
  const server = await startUnaryServer((stream, request, headers) => {
    if (String(headers[':path']).endsWith('/GetMetadata'))
      return end(stream, { 'grpc-status': '0' }, frame(Buffer.from([10, 3, ...Buffer.from('app')])));
    calls.push(`grpc ${headers[':path']}`);
    sent.push(readRequest(request));
    return answer.grpc(stream, request, headers);
  });
  const sidecar = connectSidecar({ port: await listenOnFreePort(http), grpcPort: server.port, timeoutMs: 1_000 });
  afterTest(sidecar.close);
  const publishBulk = createPublishBulk(sidecar, 'pubsub');
  return { calls, sent, publish: async () => [...((await publishBulk('things', events))?.ids ?? [])], publishBulk };
};
const readRequest = (request: Buffer) => fromBinary(BulkPublishRequestSchema, parseFrame(request));
const method = 'grpc /dapr.proto.runtime.v1.Dapr/BulkPublishEvent';

it('our request and the generated stubs of Dapr agree', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 80 });
  const event = fc.record({
    id: text,
    key: text,
    value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(text, text, fc.array(event, { maxLength: 20 }), (pubsub, topic, list) => {
      const { pubsubName, topic: found, entries, metadata } = readRequest(frameBulkPublish(pubsub, topic, list));
      expect([pubsubName, found, metadata]).toEqual([pubsub, topic, { rawPayload: 'true' }]);
      expect(entries.map(({ entryId, event, metadata }) => [entryId, Buffer.from(event), metadata])).toEqual(
        list.map(({ key, value }, n) => [String(n), value, { partitionKey: key }]),
      );
      expect(entries.every(({ contentType }) => contentType === 'application/octet-stream')).toBe(true);
    }),
  );
});

describe('a bulk publish over gRPC', () => {
  it('is durable when the sidecar confirms it, and is not sent over HTTP', async () => {
    const { publish, calls } = await startSidecar({ grpc: ok, http: { status: 500 } });
    expect(await publish()).toEqual([]);
    expect(calls).toEqual([method]);
  });

  it('writes a tombstone on Kafka as the bytes null', async () => {
    const { publishBulk, sent } = await startSidecar({ grpc: ok, http: { status: 500 } });
    await publishBulk('things', [...events, { id: 'd', key: 'key of d', value: Buffer.alloc(0) }]);
    expect(sent[0]?.entries.map(({ event }) => String(Buffer.from(event)))).toEqual([
      '{"of":"a"}',
      '{"of":"b"}',
      '{"of":"c"}',
      'null',
    ]);
  });

  it('is repeated over HTTP after a failure, which names the events that failed', async () => {
    const body = { failedEntries: [{ entryId: '1', error: 'too large' }] };
    const answers = { grpc: failed, http: { status: 500, body } };
    const { publish, calls } = await startSidecar(answers);
    expect(await publish()).toEqual(['b']);
    // In an outage each publication is sent once.
    expect(await publish()).toEqual(['b']);
    expect(calls).toEqual([method, 'http', 'http']);
    Object.assign(answers, { grpc: ok, http: { status: 204 } });
    expect([await publish(), await publish()]).toEqual([[], []]);
    expect(calls.slice(3)).toEqual(['http', method]);
  });

  it('is repeated over HTTP if its response names a failed event', async () => {
    const partly: Answer = (stream) => end(stream, { 'grpc-status': '0' }, response({ entryId: '2', error: 'no' }));
    const body = { failedEntries: [{ entryId: '2', error: 'no' }] };
    const { publish } = await startSidecar({ grpc: partly, http: { status: 500, body } });
    expect(await publish()).toEqual(['c']);
  });

  it('reports all events if the sidecar does not answer', async () => {
    const { publish, calls } = await startSidecar({ grpc: () => {}, http: { status: 204 } });
    expect(await publish()).toEqual(['a', 'b', 'c']);
    expect(calls).toEqual([method]);
  });
});
