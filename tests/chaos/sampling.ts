import { setTimeout as delay } from 'node:timers/promises';
import type { AnsweredChange } from './change-record.ts';
import type { Random } from './random.ts';

/** An instance that is queried, and its view. Instances of one view must not contradict each other. */
export type SampledInstance = { name: string; url: string; view: string };

export type Sampling = {
  readonly answers: number;
  /** Descriptions of answers with an older revision than an earlier answer of the same view. */
  readonly regressions: Set<string>;
  /** All values that the views have shown. */
  readonly shown: Map<string, AnsweredChange>;
  stop(): Promise<void>;
};

const requestTimeoutMs = 2_000;
const pauseMs = 4;

/**
 * Queries each instance continuously for random connections. An answer must be at least as new as all answers of the same view
 * that were complete when the query was sent, from any of its instances.
 */
export const startSampling = (
  instances: readonly SampledInstance[],
  connections: ReadonlySet<string>,
  random: Random,
): Sampling => {
  const sampling = { answers: 0, regressions: new Set<string>(), shown: new Map<string, AnsweredChange>() };
  const newest = new Map<string, number>();
  let stopping = false;

  const sample = async ({ name, url, view }: SampledInstance, connectionId: string) => {
    const place = `${view} ${connectionId}`;
    const floor = newest.get(place) ?? 0;
    const answer = await fetchShownMandate(url, connectionId).catch(() => undefined); // down, or too slow
    if (!answer) return;
    sampling.answers++;
    const { revision, connectionMandate } = answer;
    sampling.shown.set(`${connectionId} ${revision} ${connectionMandate}`, answer);
    if (revision < floor)
      sampling.regressions.add(`${name} showed revision ${revision} of ${connectionId} after ${floor}`);
    newest.set(place, Math.max(floor, revision, newest.get(place) ?? 0));
  };

  const queryContinuously = async (instance: SampledInstance, own: Random) => {
    while (!stopping) {
      const known = [...connections];
      if (known.length > 0) await sample(instance, own.oneOf(known));
      await delay(pauseMs);
    }
  };
  const querying = instances.map((instance) => queryContinuously(instance, random.fork()));

  return Object.assign(sampling, {
    stop: async () => {
      stopping = true;
      await Promise.all(querying);
    },
  });
};

const fetchShownMandate = async (url: string, connectionId: string): Promise<AnsweredChange | undefined> => {
  const response = await fetch(`${url}/mandates/${connectionId}`, { signal: AbortSignal.timeout(requestTimeoutMs) });
  const body = (await response.json()) as AnsweredChange;
  return response.status === 200 ? body : undefined;
};
