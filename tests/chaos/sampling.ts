import { setTimeout as delay } from 'node:timers/promises';
import type { Promised } from './change-record.ts';
import type { Chance } from './random.ts';

/** An instance that is asked, and the view it answers from: instances of one view must never contradict each other. */
export type Sampled = { name: string; url: string; view: string };

export type Sampling = {
  readonly answers: number;
  /** Each time that a view was seen to go back to an older revision. */
  readonly steppedBack: Set<string>;
  /** Every value that was ever shown. */
  readonly shown: Map<string, Promised>;
  stop(): Promise<void>;
};

const answerWithinMs = 2_000;
const pauseMs = 4;

/**
 * Asks the instances for connections, each instance without a break. An answer must be at least as new as every answer of
 * the same view, whoever gave it, that was complete when the question was asked.
 */
export const startSampling = (
  instances: readonly Sampled[],
  connections: ReadonlySet<string>,
  chance: Chance,
): Sampling => {
  const sampling = { answers: 0, steppedBack: new Set<string>(), shown: new Map<string, Promised>() };
  const newest = new Map<string, number>();
  let stopping = false;

  const sample = async ({ name, url, view }: Sampled, connectionId: string) => {
    const place = `${view} ${connectionId}`;
    const floor = newest.get(place) ?? 0;
    const answer = await mandateShown(url, connectionId).catch(() => undefined); // away, or not the time to answer
    if (!answer) return;
    sampling.answers++;
    const { revision, connectionMandate } = answer;
    sampling.shown.set(`${connectionId} ${revision} ${connectionMandate}`, answer);
    if (revision < floor)
      sampling.steppedBack.add(`${name} showed revision ${revision} of ${connectionId} after ${floor}`);
    newest.set(place, Math.max(floor, revision, newest.get(place) ?? 0));
  };

  const askWithoutBreak = async (instance: Sampled, own: Chance) => {
    while (!stopping) {
      const known = [...connections];
      if (known.length > 0) await sample(instance, own.oneOf(known));
      await delay(pauseMs);
    }
  };
  const asking = instances.map((instance) => askWithoutBreak(instance, chance.branch()));

  return Object.assign(sampling, {
    stop: async () => {
      stopping = true;
      await Promise.all(asking);
    },
  });
};

const mandateShown = async (url: string, connectionId: string): Promise<Promised | undefined> => {
  const response = await fetch(`${url}/mandates/${connectionId}`, { signal: AbortSignal.timeout(answerWithinMs) });
  const body = (await response.json()) as Promised;
  return response.status === 200 ? body : undefined;
};
