import { setTimeout as delay } from 'node:timers/promises';
import type { RunningService } from './platform.ts';
import { openAppliedReader } from './stored-checkpoints.ts';
import type { StoreName } from './stores.ts';

const pollEveryMs = 25;
const stalledAfterMs = 60_000;

/**
 * Waits until the view in the store has applied `events` events. @param onProgress called with the number of applied events when
 * it grows @throws Error with the output of services and sidecars when the number does not grow for 60 s
 */
export const waitForView = async (
  members: readonly RunningService[],
  events: number,
  { store = 'redis', onProgress = () => {} }: { store?: StoreName; onProgress?: (applied: number) => void } = {},
): Promise<void> => {
  const reader = await openAppliedReader[store]();
  try {
    let last = { at: performance.now(), applied: 0 };
    for (;;) {
      const applied = await reader.read();
      if (applied > last.applied) {
        last = { at: performance.now(), applied };
        onProgress(applied);
      }
      if (applied >= events) return;
      if (performance.now() - last.at > stalledAfterMs)
        throw new Error(
          `the view has applied ${applied} of ${events} events and makes no progress:\n${outputOf(members)}`,
        );
      await delay(pollEveryMs);
    }
  } finally {
    await reader.close();
  }
};

const outputOf = (members: readonly RunningService[]): string =>
  members.map(({ app, sidecar }) => `${app.output()}${sidecar.output()}`).join('');
