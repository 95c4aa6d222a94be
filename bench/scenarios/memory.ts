import { peakMemory } from '../measure/usage.ts';
import type { Result } from '../result.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { startIotPlatform } from '../stack/platform.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { waitForView } from '../stack/view.ts';
import { checkView, emptyRedis, readDaprRedis, readRebuiltRedis } from '../stack/view-check.ts';
import { fastConfiguration, newGroup } from '../subjects/ours.ts';
import { fillTopic } from './materialise.ts';
import type { Scenario } from './scenario.ts';

/** Fills an empty view, then rebuilds it into another generation, and measures the peak memory of both processes. */
export const memory: Scenario = async ({ memory: work }, progress) => {
  await fillTopic(work, progress);
  await emptyRedis();
  const member = await startIotPlatform(
    createComponentsFolder(fastConfiguration.components, newGroup()),
    fastConfiguration,
  );
  try {
    const began = performance.now();
    await waitForView(member, work.events, (applied) => progress(`${applied} events applied`));
    const seconds = (performance.now() - began) / 1000;
    const service = peakMemory(member.app.pid);
    await checkView(work, readDaprRedis);
    progress('rebuilding');
    const rebuild = await (await startRebuild('--full-speed')).finished;
    await checkView(work, readRebuiltRedis);
    const of = (id: string, title: string, megabytes: number, took: number): Result => ({
      scenario: 'memory',
      id,
      title,
      configuration: `${work.events} events, ${work.keys} keys, in ${Math.round(took)} s, fast`,
      unit: 'MB',
      values: [megabytes],
    });
    return [
      { ...of('rebuild', 'memory of npm run rebuild', rebuild.megabytes, rebuild.seconds), goal: { atMost: 300 } },
      of('service', 'memory of the service', service, seconds),
    ];
  } finally {
    await member.end();
  }
};
