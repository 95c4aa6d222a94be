import { createServer } from 'node:http';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  GetBulkStateResponseSchema,
  GetMetadataResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js';
import { expect, it } from 'vitest';
import { dataFolder } from '../../tests/platform-process.ts';
import { end, frame, listenOnFreePort, startUnaryServer } from '../../tests/unary-server.ts';
import { openStores } from './open-adapters.ts';
import { recordService } from './running-services.ts';

/** A sidecar whose stores answer with how they were asked. */
const startSidecar = async () => {
  const component = { name: 'pubsub', type: 'pubsub.kafka', version: 'v1' };
  const http = createServer((req, res) => {
    const isRead = req.url?.endsWith('/bulk');
    res.end(JSON.stringify(isRead ? [{ key: 'a', data: 'HTTP', etag: '1' }] : { id: 'app', components: [component] }));
  });
  const metadata = toBinary(GetMetadataResponseSchema, create(GetMetadataResponseSchema, { id: 'app' }));
  const items = [{ key: 'a', data: Buffer.from('"gRPC"'), etag: '1' }];
  const state = toBinary(GetBulkStateResponseSchema, create(GetBulkStateResponseSchema, { items }));
  const { port: grpc } = await startUnaryServer((stream, _, headers) =>
    end(stream, { 'grpc-status': '0' }, frame(String(headers[':path']).endsWith('GetMetadata') ? metadata : state)),
  );
  return { http: await listenOnFreePort(http), grpc };
};

const readBy = async (dataDir: string, env: Record<string, string>, daprHttpPort?: number) => {
  const { DAPR_HTTP_PORT: sidecarPort, DAPR_GRPC_PORT: sidecarGrpcPort } = env;
  const dapr = sidecarPort
    ? { sidecarPort: Number(sidecarPort), sidecarGrpcPort: Number(sidecarGrpcPort), kafkaBrokers: [] }
    : undefined;
  const target = {
    name: 'app',
    appId: 'app',
    sidecarPort: 1,
    topics: [],
    readConfig: () => ({ dataDir, dapr, stateStoreName: 'store', pubsub: 'pubsub' }),
  };
  const opened = await openStores(env, target, { daprHttpPort, embedded: false });
  const values = await opened.stores(undefined).getMany(['a']);
  await opened.close();
  return values.get('a')?.value;
};

it('a command uses the gRPC port of the variables or the record only for the sidecar that these name', async () => {
  const [own, other] = [await startSidecar(), await startSidecar()];
  const env = { DAPR_HTTP_PORT: String(own.http), DAPR_GRPC_PORT: String(own.grpc) };
  const dataDir = dataFolder();
  expect(await readBy(dataDir, env)).toBe('gRPC');
  expect(await readBy(dataDir, env, own.http)).toBe('gRPC');
  expect(await readBy(dataDir, env, other.http)).toBe('HTTP');
  expect(await readBy(dataDir, {}, own.http)).toBe('HTTP');
  const dapr = { sidecarPort: own.http, sidecarGrpcPort: own.grpc, kafkaBrokers: [] };
  const remove = recordService({ dataDir, dapr }, { service: 'app', url: 'http://localhost:1' }, { now: Date.now });
  expect(await readBy(dataDir, {})).toBe('gRPC');
  expect(await readBy(dataDir, {}, own.http)).toBe('gRPC');
  expect(await readBy(dataDir, {}, other.http)).toBe('HTTP');
  remove();
});
