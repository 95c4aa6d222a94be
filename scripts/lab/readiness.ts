/** What a service says of itself. */
export type Readiness = {
  readonly isReady: boolean;
  /** What is wrong, by the name of the check; of a service that does not answer, the error. */
  readonly problems: Readonly<Record<string, string>>;
};

const answersWithinMs = 5_000;

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

/** The state of the IoT platform's view by its `/status`; undefined where it does not answer. */
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

const get = (url: string) => fetch(url, { signal: AbortSignal.timeout(answersWithinMs) });
