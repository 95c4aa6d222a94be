import { setTimeout as delay } from 'node:timers/promises';
import { getJson } from '../../tests/http.ts';
import type { Member } from './platform.ts';

const lookAgainAfterMs = 25;
const stalledAfterMs = 60_000;

type Position = { applied: number };

/** How many events of the topic the view has followed: by the positions that it writes together with its values. */
const eventsFollowed = async (url: string): Promise<number> => {
  const { view } = (await getJson(`${url}/status`)).body as { view: { partitions?: Record<string, Position> } };
  return Object.values(view.partitions ?? {}).reduce((sum, { applied }) => sum + applied + 1, 0);
};

/**
 * Waits until the view has followed so many events; `onProgress` is told each time that there are more.
 * @throws Error with what the programs said, when the view stands still
 */
export const untilViewHas = async (
  { url, app, sidecar }: Member,
  events: number,
  onProgress: (followed: number) => void = () => {},
): Promise<void> => {
  let last = { at: performance.now(), followed: 0 };
  for (;;) {
    const followed = await eventsFollowed(url);
    if (followed > last.followed) {
      last = { at: performance.now(), followed };
      onProgress(followed);
    }
    if (followed >= events) return;
    if (performance.now() - last.at > stalledAfterMs)
      throw new Error(`the view stands at ${followed} of ${events} events:\n${app.output()}${sidecar.output()}`);
    await delay(lookAgainAfterMs);
  }
};
