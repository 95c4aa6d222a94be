import { createMessageReader, readField, readTextField, skipField } from '../../grpc/message-reader.ts';
import { createMessageWriter, finishFrame } from '../../grpc/message-writer.ts';
import { GrpcError, statusCodes } from '../../grpc/status.ts';
import { createUnaryClient, ServerUnreachable } from '../../grpc/unary-client.ts';
import { ConfigError } from '../../runtime/config-error.ts';
import { SidecarError, SidecarUnreachable, tokenRefusal } from './errors.ts';

/** The gRPC API of the sidecar. */
export type SidecarGrpc = {
  /**
   * @param method of the service Dapr, such as GetBulkState
   * @param frame the request message in its frame
   * @returns the response message
   * @throws SidecarError if the sidecar refuses the call; SidecarUnreachable; ConfigError if the port belongs to another app's sidecar
   */
  call(method: string, frame: Buffer): Promise<Buffer>;
  /** Makes a call that every sidecar answers. @throws as `call` */
  check(): Promise<void>;
};

/** The sidecar limits a response by its max-body-size, so this is only a bound against a broken peer. */
const maxResponseBytes = 256 * 1024 * 1024;
const service = '/dapr.proto.runtime.v1.Dapr/';
const getMetadata = 'GetMetadata';
const emptyRequest = () => finishFrame(createMessageWriter());

/** Creates a client; it connects with the first call. `readAppId` returns the app-id of the sidecar on the HTTP port. */
export const connectSidecarGrpc = ({
  port,
  token,
  timeoutMs,
  readAppId,
}: {
  port: number;
  token: string | undefined;
  timeoutMs: number;
  readAppId: () => Promise<string>;
}): SidecarGrpc & { close(): void } => {
  /** Another app's sidecar would read and write other keys, so a view would look empty. */
  const verify = async (call: (path: string, frame: Buffer) => Promise<Buffer>) => {
    const metadata = await call(service + getMetadata, emptyRequest());
    const [found, own] = [parseAppId(metadata), await readAppId()];
    if (found === own) return;
    throw new ConfigError(
      `DAPR_GRPC_PORT ${port} is a port of the sidecar of ${found}, but DAPR_HTTP_PORT is one of ${own}: set both to the ports of one sidecar.`,
    );
  };
  const headers: Record<string, string> = token ? { 'dapr-api-token': token } : {};
  const client = createUnaryClient({ port, headers, timeoutMs, maxResponseBytes, verify });
  const call: SidecarGrpc['call'] = (method, frame) =>
    client.call(service + method, frame).catch((error: unknown) => {
      throw describeFailure(port, error);
    });
  return {
    call,
    check: async () => void (await call(getMetadata, emptyRequest())),
    close: client.close,
  };
};

const describeFailure = (port: number, error: unknown): unknown => {
  if (error instanceof ServerUnreachable)
    return new SidecarUnreachable(`the sidecar on port ${port} (DAPR_GRPC_PORT) does not answer: ${error.message}`);
  if (!(error instanceof GrpcError)) return error;
  if (error.code === statusCodes.unauthenticated) return new SidecarError(tokenRefusal);
  const isTooLarge = error.code === statusCodes.resourceExhausted && error.message.includes('larger than max');
  return new SidecarError(`the sidecar answered gRPC status ${error.code}: ${error.message}`, { isTooLarge });
};

/** The field `id` of a GetMetadataResponse. */
const parseAppId = (message: Buffer): string => {
  const reader = createMessageReader(message);
  let id = '';
  while (reader.at < reader.end) {
    if (readField(reader) === 1) id = readTextField(reader);
    else skipField(reader);
  }
  return id;
};
