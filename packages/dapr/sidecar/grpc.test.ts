import { createServer } from 'node:http';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  GetBulkStateRequestSchema,
  GetBulkStateResponseSchema,
  GetMetadataResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js';
import { describe, expect, it } from 'vitest';
import { type Answer, afterTest, end, frame, listenOnFreePort, startUnaryServer } from '../../../tests/unary-server.ts';
import { parseFrame } from '../../grpc/frame.ts';
import { connectSidecar } from '../sidecar.ts';
import { createDaprStateStore } from '../state-store.ts';

type Item = { key: string; data?: Buffer; etag?: string; error?: string };

/** A sidecar on an HTTP port and a gRPC port, whose answers to GetBulkState come from `answerRead`. */
const startSidecar = async (
  answerRead: Answer,
  { grpcAppId = 'app', timeoutMs = 5_000, httpRead = [] as object[] } = {},
) => {
  const seen: string[] = [];
  const http = createServer((req, res) => {
    seen.push(String(req.url));
    res.end(JSON.stringify(req.url?.endsWith('/bulk') ? httpRead : { id: 'app', components: [] }));
  });
  const metadata = toBinary(GetMetadataResponseSchema, create(GetMetadataResponseSchema, { id: grpcAppId }));
  const server = await startUnaryServer((stream, request, headers) => {
    const path = String(headers[':path']);
    seen.push(path);
    if (headers['dapr-api-token'] !== 'secret') return end(stream, { 'grpc-status': '16' });
    if (path.endsWith('/GetMetadata')) return end(stream, { 'grpc-status': '0' }, frame(metadata));
    return answerRead(stream, request, headers);
  });
  const open = (options: { grpcPort?: number; token?: string } = {}) => {
    const sidecar = connectSidecar({ port, grpcPort: server.port, token: 'secret', timeoutMs, ...options });
    afterTest(sidecar.close);
    return createDaprStateStore(sidecar, 'store', () => 'id');
  };
  const port = await listenOnFreePort(http);
  return { open, seen, port, server };
};

const answerWith =
  (itemsOf: (keys: string[]) => Item[]): Answer =>
  (stream, request) => {
    const items = itemsOf(fromBinary(GetBulkStateRequestSchema, parseFrame(request)).keys);
    const message = toBinary(GetBulkStateResponseSchema, create(GetBulkStateResponseSchema, { items }));
    end(stream, { 'grpc-status': '0' }, frame(message));
  };
const found = (key: string): Item => ({ key, data: Buffer.from(`{"of":"${key}"}`), etag: '7' });
const tooLarge = { 'grpc-status': '8', 'grpc-message': 'grpc: trying to send message larger than max (5 vs. 4)' };

describe('a read over gRPC', () => {
  it('returns values with their ETags, and no absent key', async () => {
    const { open } = await startSidecar(answerWith(([key = '']) => [found(key), { key: 'absent' }]));
    expect([...(await open().getMany(['a', 'absent']))]).toEqual([['a', { value: { of: 'a' }, etag: '7' }]]);
  });

  it('fails as a whole if the store could not read one key', async () => {
    const { open } = await startSidecar(answerWith(() => [found('a'), { key: 'b', error: 'connection refused' }]));
    await expect(open().getMany(['a', 'b'])).rejects.toThrow(
      'the state store store does not answer: connection refused',
    );
  });

  it('refuses a value that is not JSON', async () => {
    const { open } = await startSidecar(answerWith(() => [{ key: 'a', data: Buffer.from('{"cut'), etag: '1' }]));
    await expect(open().getMany(['a'])).rejects.toThrow('the state store store has a value that is not JSON');
  });

  it('is split if its response is too large, and a value that is too large alone is read over HTTP', async () => {
    const small = answerWith((keys) => keys.map(found));
    const answer: Answer = (stream, request, headers) => {
      const { keys } = fromBinary(GetBulkStateRequestSchema, parseFrame(request));
      if (keys.length > 2 || keys.includes('large')) stream.respond(tooLarge, { endStream: true });
      else small(stream, request, headers);
    };
    const { open, seen } = await startSidecar(answer, {
      httpRead: [{ key: 'large', data: { of: 'large' }, etag: '9' }],
    });
    const values = await open().getMany(['a', 'b', 'c', 'large', 'd']);
    expect([...values].map(([key, { value, etag }]) => [key, value, etag])).toEqual([
      ['a', { of: 'a' }, '7'],
      ['b', { of: 'b' }, '7'],
      ['c', { of: 'c' }, '7'],
      ['large', { of: 'large' }, '9'],
      ['d', { of: 'd' }, '7'],
    ]);
    expect(seen.filter((path) => path.endsWith('/bulk'))).toHaveLength(1);
  });

  it('fails with the message of the sidecar', async () => {
    const { open } = await startSidecar((stream) => end(stream, { 'grpc-status': '13', 'grpc-message': 'no store' }));
    await expect(open().getMany(['a'])).rejects.toMatchObject({
      name: 'SidecarRefusal',
      message: 'the sidecar answered gRPC status 13: no store',
    });
  });

  it('fails if the sidecar does not answer in time', async () => {
    const { open, server } = await startSidecar(() => {}, { timeoutMs: 100 });
    await expect(open().getMany(['a'])).rejects.toMatchObject({
      name: 'SidecarUnreachable',
      message: `the sidecar on port ${server.port} (DAPR_GRPC_PORT) does not answer: no answer within 0.1 s`,
    });
  });
});

describe('the gRPC port', () => {
  const answer = answerWith((keys) => keys.map(found));

  it('of the sidecar of another app is refused before a call, because its keys are others', async () => {
    const { open, seen, server } = await startSidecar(answer, { grpcAppId: 'crm' });
    await expect(open().getMany(['a'])).rejects.toThrow(
      `DAPR_GRPC_PORT ${server.port} is a port of the sidecar of crm, but DAPR_HTTP_PORT is one of app`,
    );
    expect(seen.some((path) => path.endsWith('GetBulkState'))).toBe(false);
  });

  it('that is an HTTP port, or that no program listens on, is named in the error', async () => {
    const { open, port } = await startSidecar(answer);
    for (const grpcPort of [port, 1])
      await expect(open({ grpcPort }).getMany(['a'])).rejects.toMatchObject({
        name: 'SidecarUnreachable',
        message: expect.stringContaining(`the sidecar on port ${grpcPort} (DAPR_GRPC_PORT) does not answer: `),
      });
  });

  it('gets the token, and a refused token is reported with its variable', async () => {
    const { open } = await startSidecar(answer);
    await expect(open({ token: 'other' }).getMany(['a'])).rejects.toThrow('set DAPR_API_TOKEN');
    expect((await open().getMany(['a'])).size).toBe(1);
  });
});
