import { useState } from 'preact/hooks';

export type Action = {
  readonly isRunning: boolean;
  readonly error: Error | undefined;
  /** Does nothing while an earlier run lasts, so that a double click acts once. */
  run(work: () => Promise<void>): Promise<void>;
};

/** Something that a person starts: a button is disabled while it runs, and its error is shown. */
export const useAction = (): Action => {
  const [state, setState] = useState<{ isRunning: boolean; error?: Error }>({ isRunning: false });
  return {
    isRunning: state.isRunning,
    error: state.error,
    run: async (work) => {
      if (state.isRunning) return;
      setState({ isRunning: true });
      try {
        await work();
        setState({ isRunning: false });
      } catch (error) {
        setState({ isRunning: false, error: error as Error });
      }
    },
  };
};
