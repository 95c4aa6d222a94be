/** Tells readers that wait for a key when this process has written it. */
export type KeyWrites = {
  notify(keys: Iterable<string>): void;
  /** Listens from now on, so that a write during a read that follows is not missed. */
  listen(key: string): {
    /** Resolves once the key has been written since the call of `listen`, or after `ms`. */
    within(ms: number): Promise<void>;
    stop(): void;
  };
};

export const createKeyWrites = (): KeyWrites => {
  const listeners = new Map<string, Set<() => void>>();
  return {
    notify: (keys) => {
      // Nearly always no reader waits.
      if (listeners.size === 0) return;
      for (const key of keys) for (const listener of listeners.get(key) ?? []) listener();
    },
    listen: (key) => {
      let isWritten = false;
      let wake = () => {};
      const listener = () => {
        isWritten = true;
        wake();
      };
      const ofKey = listeners.get(key) ?? new Set();
      listeners.set(key, ofKey.add(listener));
      return {
        within: (ms) =>
          new Promise((resolve) => {
            if (isWritten) return resolve();
            const timer = setTimeout(resolve, ms);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          }),
        stop: () => {
          ofKey.delete(listener);
          if (ofKey.size === 0 && listeners.get(key) === ofKey) listeners.delete(key);
        },
      };
    },
  };
};
