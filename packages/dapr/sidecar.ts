import { Agent, request } from 'node:http';
import { ConfigError } from '../runtime/config-error.ts';
import { ExpectedError } from '../runtime/expected-error.ts';
import { sleepUnlessAborted } from '../runtime/sleep.ts';

export type SidecarAnswer = { status: number; body: unknown };

/** The Dapr sidecar's HTTP API, over connections that are kept open. */
export type Sidecar = {
  /** `path` from behind /v1.0, `body` as JSON. @throws SidecarUnreachable when nothing answers */
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<SidecarAnswer>;
  /** The sidecar's own app-id and the components that it has loaded. @throws ConfigError when our token is not its */
  metadata(): Promise<SidecarMetadata>;
  /** Resolves once it can be used; waits without end, for a sidecar may start after its app. */
  untilReady(signal: AbortSignal): Promise<void>;
  close(): void;
};

type SidecarMetadata = {
  id: string;
  components: { name: string; type: string; version: string; capabilities?: string[] }[];
  subscriptions?: { pubsubname: string; topic: string }[];
};

class SidecarUnreachable extends ExpectedError {
  override name = 'SidecarUnreachable';
}

/** The sidecar answered, and not with success. */
export class SidecarRefusal extends ExpectedError {
  override name = 'SidecarRefusal';
  constructor(answer: SidecarAnswer) {
    super(complaintOf(answer));
  }
}

/** A bulk publish that failed repeats its errors in a header: more than Node takes by itself. */
const maxHeaderSize = 8 * 1024 * 1024;

export const connectSidecar = ({
  port,
  token,
  timeoutMs = 20_000,
}: {
  port: number;
  token?: string | undefined;
  /** Longer than the broker's own time limit: a broker that hangs would else be waited for without end. */
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
          resolve({ status: response.statusCode as number, body: parsed(Buffer.concat(chunks).toString()) }),
        );
      });
      outgoing.on('error', fail);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });

  return {
    call,
    metadata: async () => {
      const answer = await call('GET', '/metadata');
      if (answer.status === 401) throw new ConfigError(refusesToken(port));
      if (answer.status !== 200) throw new SidecarRefusal(answer);
      return answer.body as SidecarMetadata;
    },
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
    close: () => agent.destroy(),
  };
};

/** For a person: what to do when the sidecar answers 401. */
const refusesToken = (port: number) =>
  `The sidecar on port ${port} refuses the API token: set DAPR_API_TOKEN to what it was started with; npm run lab keeps its own in .data/lab.token.`;

const parsed = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
};

/**
 * Redis Streams, for one, has neither partitions nor offsets.
 * @throws Error while the sidecar has no such component: it may be reloading it, and nothing says what it is
 */
export const isKafka = async (sidecar: Sidecar, pubsub: string): Promise<boolean> => {
  const { components } = await sidecar.metadata();
  const component = components.find(({ name }) => name === pubsub);
  if (!component) throw new Error(`the sidecar has no component ${pubsub} now`);
  return component.type === 'pubsub.kafka';
};

/** The sidecar's own words for what went wrong. */
export const complaintOf = ({ status, body }: SidecarAnswer): string => {
  if (status === 401) return 'the sidecar refuses the API token: set DAPR_API_TOKEN to what it was started with';
  const { errorCode, message } = (body ?? {}) as { errorCode?: string; message?: string };
  return `the sidecar answered ${status}${errorCode ? ` ${errorCode}` : ''}: ${message ?? JSON.stringify(body)}`;
};
