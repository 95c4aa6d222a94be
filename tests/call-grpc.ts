import { connect } from 'node:http2';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { decodeStatusMessage } from '../packages/grpc/status.ts';

/** The answer of a gRPC server: its status, and the bytes of the response in their frame. */
export type GrpcAnswer = { readonly status: number; readonly message: string; readonly frame: Buffer };

/** Encodes a message by the generated stubs, in an uncompressed frame. */
export const encodeFrame = <Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): Buffer => {
  const bytes = toBinary(schema, create(schema, message));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
};

export const decodeFrame = <Desc extends DescMessage>(schema: Desc, frame: Buffer): MessageShape<Desc> =>
  fromBinary(schema, frame.subarray(5));

/**
 * Calls a gRPC method as a client that knows the server speaks HTTP/2. `body` is sent as it is, in one or several parts.
 * @param headers are added to those of every gRPC client
 */
export const callGrpc = async (
  url: string,
  method: string,
  body: Buffer | Iterable<Buffer>,
  headers: Record<string, string> = {},
): Promise<GrpcAnswer> => {
  const session = connect(url);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': method,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let received: Record<string, unknown> = {};
    const chunks: Buffer[] = [];
    const collect = (headers: object) => {
      received = { ...received, ...headers };
    };
    // A server may answer before it has read the request, and then resets the stream.
    stream
      .on('response', collect)
      .on('trailers', collect)
      .on('error', () => {});
    stream.on('data', (chunk) => void chunks.push(chunk));
    const closed = new Promise<void>((resolve) => void stream.once('close', resolve));
    for (const part of Buffer.isBuffer(body) ? [body] : body) {
      if (stream.destroyed) break;
      if (!stream.write(part)) await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), closed]);
    }
    if (!stream.destroyed) stream.end();
    await closed;
    const { 'grpc-status': status, 'grpc-message': message = '' } = received as Record<string, string>;
    return { status: Number(status), message: decodeStatusMessage(message), frame: Buffer.concat(chunks) };
  } finally {
    session.destroy();
  }
};
