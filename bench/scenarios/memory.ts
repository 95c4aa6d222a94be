import { peakMemory } from '../measure/usage.ts';
import type { Result } from '../result.ts';
import { thisCheckout } from '../stack/checkout.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { emptyRedis } from '../stack/stores.ts';
import { waitForView } from '../stack/view.ts';
import { checkView, readDaprRedis, readRebuiltRedis } from '../stack/view-check.ts';
import { fastConfiguration, startMembers } from '../subjects/ours.ts';
import { fillTopic } from './materialise.ts';
import type { Scenario } from './scenario.ts';

/** Fills an empty view, then rebuilds it into another generation, and measures the peak memory of both processes. */
export const memory: Scenario = async ({ memory: work }, progress) => {
  await fillTopic(work, progress);
  await emptyRedis();
  const { members, end } = await startMembers(thisCheckout, fastConfiguration);
  try {
    const began = performance.now();
    await waitForView(members, work.events, { onProgress: (applied) => progress(`${applied} events applied`) });
    const seconds = (performance.now() - began) / 1000;
    const service = peakMemory(members[0]?.app.pid as number);
    await checkView(work, readDaprRedis);
    progress('rebuilding');
    const rebuild = await (await startRebuild(thisCheckout.folder, '--full-speed')).finished;
    await checkView(work, readRebuiltRedis);
    const of = (id: string, title: string, megabytes: number, took: number, atMost: number): Result => ({
      scenario: 'memory',
      id,
      title,
      configuration: `${work.events} events and keys, in ${Math.round(took)} s, ${fastConfiguration.components}`,
      unit: 'MB',
      values: [megabytes],
      goal: { atMost },
    });
    return [
      of('rebuild', 'memory of npm run rebuild', rebuild.megabytes, rebuild.seconds, 300),
      of('service', 'memory of the service', service, seconds, 450),
    ];
  } finally {
    await end();
  }
};
