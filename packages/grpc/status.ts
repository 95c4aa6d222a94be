import { ExpectedError } from '../runtime/expected-error.ts';

/** The status codes of gRPC that this area sends or interprets. */
export const statusCodes = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A call that failed. `code` is the status code of gRPC. */
export class GrpcError extends ExpectedError {
  override name = 'GrpcError';
  readonly code: number;
  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Percent-encodes a message for the trailer `grpc-message`, which allows printable ASCII only. */
export const encodeStatusMessage = (message: string): string =>
  Array.from(Buffer.from(message), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

/** Decodes the trailer `grpc-message`. An invalid encoding is returned as it is, because the text is for people. */
export const decodeStatusMessage = (message: string): string => {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
};
