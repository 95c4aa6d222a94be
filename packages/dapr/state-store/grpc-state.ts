import { MalformedMessage } from '../../grpc/message-reader.ts';
import type { StoredValue } from '../../projections/state-store.ts';
import { ExpectedError } from '../../runtime/expected-error.ts';
import { SidecarError } from '../sidecar/errors.ts';
import type { SidecarGrpc } from '../sidecar/grpc.ts';
import type { StateCalls } from './state-calls.ts';
import { frameBulkRead, frameTransaction, parseStateItems } from './state-messages.ts';

/**
 * The state API over gRPC. Use `execute` only for state.redis, which stores the bytes of a value as they are; other components store
 * base64. `overHttp` reads values that are too large for a gRPC response.
 */
export const createGrpcState = (grpc: SidecarGrpc, name: string, overHttp: StateCalls): StateCalls => {
  const read: StateCalls['read'] = async (keys) => {
    let message: Buffer;
    try {
      message = await grpc.call('GetBulkState', frameBulkRead(name, keys));
    } catch (error) {
      if (!(error instanceof SidecarError && error.isTooLarge)) throw error;
      if (keys.length === 1) return overHttp.read(keys);
      const middle = keys.length >> 1;
      return [...(await read(keys.slice(0, middle))), ...(await read(keys.slice(middle)))];
    }
    return parseAnswer(name, message);
  };
  return {
    read,
    execute: (operations) =>
      grpc.call('ExecuteStateTransaction', frameTransaction(name, operations)).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof SidecarError) return error;
          throw error;
        },
      ),
  };
};

/** As over HTTP, an answer with an error for one key is a failure: otherwise this key would seem absent. */
const parseAnswer = (name: string, message: Buffer): [string, StoredValue][] => {
  const found: [string, StoredValue][] = [];
  try {
    for (const { key, data, etag, error } of parseStateItems(message)) {
      if (error !== '') throw new ExpectedError(`the state store ${name} does not answer: ${error}`);
      const value: unknown = data === '' ? null : JSON.parse(data);
      if (value !== null) found.push([key, { value, etag }]);
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage || error instanceof SyntaxError)) throw error;
    throw new ExpectedError(`the state store ${name} has a value that is not JSON: ${error.message}`);
  }
  return found;
};
