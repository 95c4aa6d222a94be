import { useEffect, useState } from 'preact/hooks';
import { isTransient } from './problem.ts';

export type Loaded<Value> = {
  /** The value loaded last; it stays while a newer one is loaded, and after an error. */
  readonly value: Value | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  reload(): void;
};

const retryAfterMs = 2_000;

type State<Value> = { readonly value?: Value; readonly error?: Error; readonly isLoading: boolean };

/**
 * Loads a value when the component appears and whenever `key` changes, and again every `everyMs` if that is given, `until` a value is
 * final. A newer load aborts an older one, so that answers never overtake each other. A hidden tab does not repeat it. Until a failed
 * service answers, it is asked again.
 */
export const useLoaded = <Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  { everyMs, until }: { everyMs?: number; until?: (value: Value) => boolean } = {},
): Loaded<Value> => {
  const [state, setState] = useState<State<Value>>({ isLoading: true });
  const [reloads, setReloads] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      let nextMs = everyMs;
      if (everyMs === undefined || !document.hidden) {
        try {
          const value = await load(leaving.signal);
          if (until?.(value)) nextMs = undefined;
          if (!leaving.signal.aborted) setState({ value, isLoading: false });
        } catch (error) {
          if (isTransient(error as Error)) nextMs ??= retryAfterMs;
          if (!leaving.signal.aborted) setState((before) => ({ ...before, error: error as Error, isLoading: false }));
        }
      }
      if (nextMs !== undefined && !leaving.signal.aborted) timer = setTimeout(() => void run(), nextMs);
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
