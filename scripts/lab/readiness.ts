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

/** The state of a view; `name` is undefined where the service has only one view. */
export type ViewState = {
  readonly name?: string | undefined;
  readonly store: string;
  readonly state: string;
  readonly warning?: string | undefined;
};

/** Reads the state of a view from the `/status` of its service; undefined when it does not answer. */
export const readViewState = async (url: string, name?: string): Promise<ViewState | undefined> => {
  try {
    const query = name === undefined ? '' : `?view=${encodeURIComponent(name)}`;
    const { store, view } = (await (await get(`${url}/status${query}`)).json()) as {
      store: string;
      view: { state: string; warning?: string };
    };
    return { name, store, state: view.state, warning: view.warning };
  } catch {
    return undefined;
  }
};

/** Reads the states of the views whose checks have failed. The check of a view is `view`, or `view:NAME` where there are several. */
export const readFailedViews = async (url: string, { problems }: Readiness): Promise<readonly ViewState[]> => {
  const checks = Object.keys(problems).filter((check) => /^view(:|$)/.test(check));
  const states = await Promise.all(checks.map((check) => readViewState(url, check.split(':')[1])));
  return states.filter((state) => state !== undefined);
};

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
