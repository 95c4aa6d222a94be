import { constants, type ServerHttp2Stream } from 'node:http2';
import { encodeStatusMessage, type GrpcError, statusCodes } from '../status.ts';

/** False if the client has cancelled the call: its reset can arrive together with the request. */
export const canRespond = (stream: ServerHttp2Stream) => !stream.destroyed && !stream.closed && !stream.headersSent;

const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' };

/** Sends the response in its frame, and the status OK. */
export const sendResponse = (stream: ServerHttp2Stream, frame: Buffer): void => {
  stream.respond(responseHeaders, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    if (!stream.destroyed && !stream.closed) stream.sendTrailers({ 'grpc-status': String(statusCodes.ok) });
  });
  stream.end(frame);
};

/** Sends a status without a response, and the rest of the request is not read. Does nothing if the client has cancelled the call. */
export const sendError = (stream: ServerHttp2Stream, { code, message }: GrpcError): void => {
  if (!canRespond(stream)) return;
  stream.respond(
    { ...responseHeaders, 'grpc-status': String(code), 'grpc-message': encodeStatusMessage(message) },
    { endStream: true },
  );
  stopReading(stream);
};

const explanation = 'Over HTTP/2 this port answers only the gRPC calls of a sidecar. Use HTTP/1.1.\n';

/** 505: the resources of this port exist in HTTP/1.1 only. */
export const refuseOtherRequest = (stream: ServerHttp2Stream): void => {
  if (!canRespond(stream)) return;
  stream.respond({ ':status': 505, 'content-type': 'text/plain; charset=utf-8' });
  stream.end(explanation);
  stopReading(stream);
};

/**
 * NO_ERROR tells the client to keep the response (RFC 9113, section 8.1). A reset in the same turn as the response would replace it: Node 22 does not
 * send the response then.
 */
const stopReading = (stream: ServerHttp2Stream): void => {
  if (stream.readableEnded) return;
  stream.resume();
  stream.once('finish', () => setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR)));
};
