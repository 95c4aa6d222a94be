import { readRequest } from '../../grpc/frame.ts';
import { MalformedMessage } from '../../grpc/message-reader.ts';
import { createMessageWriter, finishFrame } from '../../grpc/message-writer.ts';
import { createGrpcServer, type GrpcMethod, type GrpcServer } from '../../grpc/server.ts';
import { GrpcError, statusCodes } from '../../grpc/status.ts';
import { deliver, UnknownTopic } from './deliver.ts';
import type { DeliveryContext } from './delivery-context.ts';
import { readBulkEvent } from './read-bulk-event.ts';
import { MalformedDelivery } from './read-delivery.ts';
import { writeOutcome, writeSubscriptions } from './write-callback-responses.ts';

const service = '/dapr.proto.runtime.v1.AppCallback';

/** An empty message, or one that we refuse unread. */
const maxRequestBytes = 1024 * 1024;

/**
 * The methods of a sidecar with app-protocol grpc. A sidecar drops a delivery that is answered with UNIMPLEMENTED, and repeats one with
 * any other error, so each method by which it may deliver is listed here.
 */
export const createAppCallbacks = (context: DeliveryContext): GrpcServer => {
  const onBulkTopicEvent: GrpcMethod = async (request) => {
    try {
      return writeOutcome(await deliver(readBulkEvent(request, context), context.findHandler));
    } catch (error) {
      throw toGrpcError(error as Error);
    }
  };
  const respondEmpty: GrpcMethod = async (request) => {
    await readRequest(request, maxRequestBytes);
    return finishFrame(createMessageWriter(0));
  };
  /** The sidecar sends no token with these calls. They reveal the names of topics at most. */
  const openMethods: Readonly<Record<string, GrpcMethod>> = {
    [`${service}HealthCheck/HealthCheck`]: respondEmpty,
    [`${service}/ListInputBindings`]: respondEmpty,
    [`${service}/ListTopicSubscriptions`]: async (request) => {
      await readRequest(request, maxRequestBytes);
      return writeSubscriptions(context.subscriptions());
    },
  };
  return createGrpcServer({
    methods: {
      ...openMethods,
      [`${service}/OnBulkTopicEvent`]: onBulkTopicEvent,
      // Sidecars before 1.18, and a sidecar of 1.18 whose call of the first failed.
      [`${service}Alpha/OnBulkTopicEventAlpha1`]: onBulkTopicEvent,
      [`${service}/OnTopicEvent`]: refuseSingleEvent,
    },
    authorize: (call) =>
      Object.hasOwn(openMethods, call.method) || context.authentication.isSidecar(call)
        ? undefined
        : new GrpcError(statusCodes.unauthenticated, 'the call is not from the sidecar: its dapr-api-token is wrong'),
    onError: ({ method }, error) => {
      const status = error instanceof GrpcError ? error.code : statusCodes.internal;
      const isUnexpected = status === statusCodes.internal && !(error instanceof GrpcError);
      context.logRefusal({ path: method, status, reason: error.message, ...(isUnexpected && { err: error }) });
    },
  });
};

/** A subscription of a user may lack bulkSubscribe; a single event has neither partition nor offset. */
const refuseSingleEvent: GrpcMethod = async () => {
  throw new GrpcError(statusCodes.failedPrecondition, 'the subscription must set bulkSubscribe');
};

const toGrpcError = (error: Error): Error => {
  if (error instanceof MalformedMessage) return new GrpcError(statusCodes.invalidArgument, error.message);
  if (error instanceof MalformedDelivery)
    return new GrpcError(
      error.status === 413 ? statusCodes.resourceExhausted : statusCodes.invalidArgument,
      error.message,
    );
  if (error instanceof UnknownTopic) return new GrpcError(statusCodes.unavailable, error.message);
  return error;
};
