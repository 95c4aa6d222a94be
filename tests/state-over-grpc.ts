import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { StateOptions_StateConcurrency } from '@dapr/dapr/proto/dapr/proto/common/v1/common_pb.js';
import {
  ExecuteStateTransactionRequestSchema,
  GetBulkStateRequestSchema,
  GetBulkStateResponseSchema,
} from '@dapr/dapr/proto/dapr/proto/runtime/v1/dapr_pb.js';
import { createSidecarError } from '../packages/dapr/sidecar/errors.ts';
import type { SidecarGrpc } from '../packages/dapr/sidecar/grpc.ts';
import type { Sidecar } from '../packages/dapr/sidecar.ts';
import { parseFrame } from '../packages/grpc/frame.ts';

type Item = { key: string; data?: unknown; etag?: string; error?: string };

/**
 * Serves a fake HTTP state API over gRPC as well, encoded by the generated stubs of Dapr. `storesBase64` says whether the component now
 * stores a value of a gRPC call as base64.
 */
export const serveStateOverGrpc = (call: Sidecar['call'], storesBase64: () => boolean): SidecarGrpc => ({
  check: async () => {},
  call: async (method, frame) => {
    const message = parseFrame(frame);
    if (method === 'GetBulkState') {
      const { storeName, keys } = fromBinary(GetBulkStateRequestSchema, message);
      const { body } = await call('POST', `/state/${storeName}/bulk`, { keys });
      const items = (body as Item[]).map(({ data, ...item }) => ({
        ...item,
        data: Buffer.from(data === undefined ? '' : JSON.stringify(data)),
      }));
      return Buffer.from(toBinary(GetBulkStateResponseSchema, create(GetBulkStateResponseSchema, { items })));
    }
    const { storeName, operations } = fromBinary(ExecuteStateTransactionRequestSchema, message);
    const answer = await call('POST', `/state/${storeName}/transaction`, {
      operations: operations.map(({ operationType, request }) => {
        const isFirstWrite = request?.options?.concurrency === StateOptions_StateConcurrency.CONCURRENCY_FIRST_WRITE;
        const bytes = Buffer.from(request?.value ?? []);
        const value = storesBase64()
          ? bytes.toString('base64')
          : operationType === 'upsert' && JSON.parse(String(bytes));
        const options = isFirstWrite ? { concurrency: 'first-write' } : undefined;
        return { operation: operationType, request: { key: request?.key, value, etag: request?.etag?.value, options } };
      }),
    });
    if (answer.status >= 300) throw createSidecarError(answer);
    return Buffer.alloc(0);
  },
});
