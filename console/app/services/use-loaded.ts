import { useEffect, useState } from 'preact/hooks';

export type Loaded<Value> = {
  /** The value loaded last; it stays while a newer one is loaded, and after an error. */
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  reload(): void;
};

type State<Value> = { readonly value?: Value; readonly error?: Error; readonly isLoading: boolean };

/**
 * Loads a value when the component appears and whenever `key` changes, and again every `everyMs` if that is given. A newer load aborts
 * an older one, so that answers never overtake each other. A hidden tab does not repeat it.
 */
export const useLoaded = <Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  { everyMs }: { everyMs?: number } = {},
): Loaded<Value> => {
  const [state, setState] = useState<State<Value>>({ isLoading: true });
  const [reloads, setReloads] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      if (everyMs === undefined || !document.hidden) {
        try {
          const value = await load(leaving.signal);
          if (!leaving.signal.aborted) setState({ value, isLoading: false });
        } catch (error) {
          if (!leaving.signal.aborted) setState((before) => ({ ...before, error: error as Error, isLoading: false }));
        }
      }
      if (everyMs !== undefined && !leaving.signal.aborted) timer = setTimeout(() => void run(), everyMs);
    };
    setState((before) => ({ ...before, isLoading: true }));
    void run();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [key, reloads, everyMs]);
  return {
    value: state.value,
    error: state.error,
    isLoading: state.isLoading,
    reload: () => setReloads((count) => count + 1),
  };
};
