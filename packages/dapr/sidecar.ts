import { Agent, request } from 'node:http';
import { ConfigError } from '../runtime/config-error.ts';
import { sleepUnlessAborted } from '../runtime/sleep.ts';
import { createSidecarError, type SidecarResponse, SidecarUnreachable } from './sidecar/errors.ts';
import { connectSidecarGrpc, type SidecarGrpc } from './sidecar/grpc.ts';

/** The HTTP API of the Dapr sidecar, over keep-alive connections, and its gRPC API. */
export type Sidecar = {
  /** Undefined if the gRPC port is not known: then use the HTTP API. */
  readonly grpc?: SidecarGrpc | undefined;
  /** `path` follows /v1.0; `body` is sent as JSON. @throws SidecarUnreachable on a connection error or timeout */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<SidecarResponse>;
  /** The app-id and the loaded components of the sidecar. @throws ConfigError if it refuses our token */
  metadata(): Promise<SidecarMetadata>;
  /** Resolves once the sidecar is ready or `signal` aborts. It has no timeout, because a sidecar may start after its app. */
  untilReady(signal: AbortSignal): Promise<void>;
  close(): void;
};

type SidecarMetadata = {
  id: string;
  components: { name: string; type: string; version: string; capabilities?: string[] }[];
  subscriptions?: { pubsubname: string; topic: string }[];
};

/** A failed bulk publish repeats its errors in a header, which exceeds Node's default limit. */
const maxHeaderSize = 8 * 1024 * 1024;

/** Creates a client of the sidecar on this machine; it connects with the first call. `timeoutMs` limits each call. */
export const connectSidecar = ({
  port,
  grpcPort,
  token,
  timeoutMs = 20_000,
}: {
  port: number;
  grpcPort?: number | undefined;
  token?: string | undefined;
  /** Longer than the broker's own timeout; bounds the wait for a broker that hangs. */
  timeoutMs?: number;
}): Sidecar => {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const headers = { 'content-type': 'application/json', ...(token && { 'dapr-api-token': token }) };

  const call: Sidecar['call'] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(new SidecarUnreachable(`the sidecar on port ${port} does not answer: ${error.message || error.name}`));
      const options = {
        host: '127.0.0.1',
        port,
        path: `/v1.0${path}`,
        method,
        agent,
        headers,
        timeout: timeoutMs,
        maxHeaderSize,
      };
      const outgoing = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          resolve({ status: response.statusCode as number, body: parseBody(Buffer.concat(chunks).toString()) }),
        );
      });
      outgoing.on('error', fail);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });

  const metadata = async () => {
    const answer = await call('GET', '/metadata');
    if (answer.status === 401) throw new ConfigError(describeTokenRefusal(port));
    if (answer.status !== 200) throw createSidecarError(answer);
    return answer.body as SidecarMetadata;
  };
  const readAppId = () => metadata().then(({ id }) => id);
  const grpc = grpcPort === undefined ? undefined : connectSidecarGrpc({ port: grpcPort, token, timeoutMs, readAppId });

  return {
    call,
    grpc,
    metadata,
    untilReady: async (signal) => {
      while (!signal.aborted) {
        const status = await call('GET', '/healthz/outbound').then(
          (answer) => answer.status,
          () => 0,
        );
        if (status === 204) return;
        await sleepUnlessAborted(100, signal);
      }
    },
    close: () => {
      agent.destroy();
      grpc?.close();
    },
  };
};

/** The remedy for an operator when the sidecar answers 401. */
const describeTokenRefusal = (port: number) =>
  `The sidecar on port ${port} refuses the API token: set DAPR_API_TOKEN to what it was started with; npm run lab keeps its own in .data/lab.token.`;

const parseBody = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
};

/**
 * Whether the pubsub component is Kafka. Other brokers, such as Redis Streams, have neither partitions nor offsets.
 * @throws Error if the sidecar has no such component, for example while it reloads it
 */
export const isKafka = async (sidecar: Sidecar, pubsub: string): Promise<boolean> => {
  const { components } = await sidecar.metadata();
  const component = components.find(({ name }) => name === pubsub);
  if (!component) throw new Error(`the sidecar has no component ${pubsub} at the moment`);
  return component.type === 'pubsub.kafka';
};

/**
 * Like `isKafka`, but while the sidecar does not answer, its last answer counts. So the offsets in Kafka, such as the lag, can be
 * read while the sidecar is stopped.
 */
export const createKafkaCheck = (sidecar: Sidecar): ((pubsub: string) => Promise<boolean>) => {
  const answers = new Map<string, boolean>();
  return async (pubsub) => {
    try {
      const answer = await isKafka(sidecar, pubsub);
      answers.set(pubsub, answer);
      return answer;
    } catch (error) {
      const last = answers.get(pubsub);
      if (last === undefined) throw error;
      return last;
    }
  };
};
