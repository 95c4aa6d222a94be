import type { Point } from '../capacity/measured.ts';
import { costOf } from '../measure/cost.ts';
import { thisCheckout } from '../stack/checkout.ts';
import { prepareLog } from '../stack/log.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { emptyRedis } from '../stack/stores.ts';
import { checkView, readDaprRedis, readRebuiltRedis } from '../stack/view-check.ts';
import { defaultConfiguration, follow, startMembers } from '../subjects/ours.ts';
import type { Work } from '../work.ts';
import { prefillView, readRedisMemory } from './prefill.ts';

export type Size = { readonly keys: number; readonly instances: number };
type Progress = (text: string) => void;

const megabyte = 2 ** 20;

/** Applies `events` changes to a view that holds all connections already, and checks the view. */
export const measurePoint = async ({ keys, instances }: Size, events: number, progress: Progress): Promise<Point> => {
  const work: Work = { seed: 1, events, keys };
  await prepareLog(work, (written) => progress(`filling the topic: ${written} events`));
  await emptyRedis();
  await prefillView(keys, (written) => progress(`filling the view: ${written} connections`));
  progress('measuring');
  const { members, end } = await startMembers(thisCheckout, defaultConfiguration, { instances });
  try {
    const run = await follow(members, events);
    const cost = Object.entries(costOf(run, run.events));
    await checkView(work, readDaprRedis);
    return {
      keys,
      instances,
      eventsPerSecond: run.events / run.seconds,
      microseconds: Object.fromEntries(cost.map(([name, { microseconds }]) => [name, microseconds])),
      megabytes: {
        ...Object.fromEntries(cost.map(([name, { megabytes }]) => [name, megabytes])),
        redis: (await readRedisMemory()) / megabyte,
      },
    };
  } finally {
    await end();
  }
};

/** The events/s of an empty view that takes in one event of each connection, and of its rebuild at full speed. */
export const measureFilling = async (keys: number, progress: Progress): Promise<{ fill: number; rebuild: number }> => {
  const work: Work = { seed: 1, events: keys, keys };
  await prepareLog(work, (written) => progress(`filling the topic: ${written} events`));
  await emptyRedis();
  const { members, end } = await startMembers(thisCheckout, defaultConfiguration);
  try {
    progress('filling the view');
    const run = await follow(members, keys);
    progress('rebuilding');
    const { seconds } = await (await startRebuild(thisCheckout.folder, '--full-speed')).finished;
    await checkView(work, readRebuiltRedis);
    return { fill: run.events / run.seconds, rebuild: keys / seconds };
  } finally {
    await end();
  }
};
