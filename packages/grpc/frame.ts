import { framePrefixBytes } from './message-writer.ts';
import { GrpcError, statusCodes } from './status.ts';

/**
 * Reads the only message of a unary request or response.
 * @param bytes all bytes that the peer sent
 * @returns the message; it shares memory with `bytes`
 * @throws GrpcError INTERNAL if the bytes are not exactly one uncompressed message
 */
export const parseFrame = (bytes: Buffer): Buffer => {
  const length = readFrameLength(bytes);
  if (bytes.length !== framePrefixBytes + length)
    throw new GrpcError(statusCodes.internal, 'the body is not exactly one message');
  return bytes.subarray(framePrefixBytes);
};

/**
 * Reads the prefix of a frame: a flag and the length of the message in bytes.
 * @throws GrpcError INTERNAL if the prefix is cut off or the message is compressed: no peer was told that we accept a compression
 */
export const readFrameLength = (prefix: Buffer): number => {
  if (prefix.length < framePrefixBytes) throw new GrpcError(statusCodes.internal, 'the body ends before its message');
  if (prefix[0] !== 0) throw new GrpcError(statusCodes.internal, 'the message is compressed');
  return prefix.readUInt32BE(1);
};

/** Reads a small request whole. @returns its message. @throws GrpcError if it is malformed or larger than `maxBytes` */
export const readRequest = async (request: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > maxBytes) throw new GrpcError(statusCodes.resourceExhausted, `the request exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return parseFrame(Buffer.concat(chunks, length));
};
