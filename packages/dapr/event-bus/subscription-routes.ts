/** Larger batches need fewer writes per key. The component's channelBufferSize limits them as well. */
const maxMessagesCount = 10_000;
const maxAwaitDurationMs = 4;

const prefix = '/deliveries/';

/** The route to which the sidecar delivers a topic: the path over HTTP, and a field of the request over gRPC. */
export const routeOf = (topic: string): string => `${prefix}${topic}`;

/** @returns the topic of a route, or undefined for any other text */
export const topicOfRoute = (route: string): string | undefined =>
  route.startsWith(prefix) ? route.slice(prefix.length) : undefined;

/** The payload is raw, so that the sidecar does not parse and serialise every event. */
export const describeSubscription = ({ pubsub, topic }: { pubsub: string; topic: string }) => ({
  pubsubname: pubsub,
  topic,
  routes: { default: routeOf(topic) },
  metadata: { rawPayload: 'true' },
  bulkSubscribe: { enabled: true, maxMessagesCount, maxAwaitDurationMs },
});
