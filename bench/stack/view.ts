import { setTimeout as delay } from 'node:timers/promises';
import { getJson } from '../../tests/http.ts';
import type { RunningService } from './platform.ts';

const pollEveryMs = 25;
const stalledAfterMs = 60_000;

type PartitionStatus = { applied: number };

/** The number of events that the view has applied, by its checkpoints. */
const countAppliedEvents = async (url: string): Promise<number> => {
  const { view } = (await getJson(`${url}/status`)).body as { view: { partitions?: Record<string, PartitionStatus> } };
  return Object.values(view.partitions ?? {}).reduce((sum, { applied }) => sum + applied + 1, 0);
};

/**
 * Waits until the view has applied `events` events. @param onProgress called with the number of applied events when it grows
 * @throws Error with the output of service and sidecar when the number does not grow for 60 s
 */
export const waitForView = async (
  { url, app, sidecar }: RunningService,
  events: number,
  onProgress: (applied: number) => void = () => {},
): Promise<void> => {
  let last = { at: performance.now(), applied: 0 };
  for (;;) {
    const applied = await countAppliedEvents(url);
    if (applied > last.applied) {
      last = { at: performance.now(), applied };
      onProgress(applied);
    }
    if (applied >= events) return;
    if (performance.now() - last.at > stalledAfterMs)
      throw new Error(
        `the view has applied ${applied} of ${events} events and makes no progress:\n${app.output()}${sidecar.output()}`,
      );
    await delay(pollEveryMs);
  }
};
