import { operatorToken } from './operator-token.ts';
import { Problem, readProblem, Unreachable } from './problem.ts';

type Answer<Body> = { readonly status: number; readonly body: Body; readonly headers: Headers };

type CallOptions = {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether the route needs the operator token. */
  readonly asOperator?: boolean;
};

export type Client = {
  /** What the page calls the service. */
  readonly name: string;
  readonly url: string;
  /** @throws Problem if the service refuses; Unreachable if it does not answer; the reason of `signal` */
  call<Body>(path: string, options?: CallOptions): Promise<Answer<Body>>;
  /** The answer as it arrives, for an event stream. @throws as `call` does */
  open(path: string, options?: CallOptions): Promise<Response>;
};

/** @param url empty for the service that serves the page */
const createClient = (name: string, url: string): Client => {
  const open = async (path: string, { method = 'GET', body, headers, signal, asOperator }: CallOptions = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(asOperator && operatorToken.peek() && { Authorization: `Bearer ${operatorToken.peek()}` }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new Unreachable(name, url || location.origin);
    });
    if (!response.ok) throw new Problem(response.status, await readProblem(response), response.headers);
    return response;
  };
  return {
    name,
    url: url || location.origin,
    open,
    call: async <Body>(path: string, options?: CallOptions) => {
      const { status, headers, ...response } = await open(path, options).then(async (response) => ({
        status: response.status,
        headers: response.headers,
        text: await response.text(),
      }));
      return { status, headers, body: (response.text === '' ? undefined : JSON.parse(response.text)) as Body };
    },
  };
};

const { iotPlatform: iotPlatformUrl = '', customerView: customerViewUrl = '' } = document.documentElement.dataset;

export const crm = createClient('CRM', '');
export const iotPlatform = createClient('IoT platform', iotPlatformUrl);
export const customerView = createClient('customer-view', customerViewUrl);
