/** The answer of a service to `/readyz`. */
export type Readiness = {
  readonly isReady: boolean;
  /** The failed checks with their messages; `service` with the error when the service does not answer. */
  readonly problems: Readonly<Record<string, string>>;
};

const timeoutMs = 5_000;

export const readReadiness = async (url: string): Promise<Readiness> => {
  try {
    const response = await get(`${url}/readyz`);
    const { checks = {} } = (await response.json()) as { checks?: Record<string, string> };
    const problems = Object.fromEntries(Object.entries(checks).filter(([, outcome]) => outcome !== 'ok'));
    return { isReady: response.ok, problems };
  } catch (error) {
    const { message, cause } = error as Error;
    return { isReady: false, problems: { service: (cause as Error | undefined)?.message || message } };
  }
};

export type ViewState = { readonly store: string; readonly state: string; readonly warning?: string | undefined };

/** Reads the state of the IoT platform's view from its `/status`; undefined when it does not answer. */
export const readViewState = async (url: string): Promise<ViewState | undefined> => {
  try {
    const { store, view } = (await (await get(`${url}/status`)).json()) as {
      store: string;
      view: { state: string; warning?: string };
    };
    return { store, state: view.state, warning: view.warning };
  } catch {
    return undefined;
  }
};

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
