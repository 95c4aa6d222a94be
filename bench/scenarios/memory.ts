import { peakMemory } from '../measure/usage.ts';
import type { Result } from '../result.ts';
import { componentsFolder } from '../stack/components.ts';
import { startIotPlatform } from '../stack/platform.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { untilViewHas } from '../stack/view.ts';
import { checkView, emptyRedis, readDaprRedis, readRebuiltRedis } from '../stack/view-check.ts';
import { inFourComponents, ownGroup } from '../subjects/ours.ts';
import { fill } from './materialise.ts';
import type { Scenario } from './scenario.ts';

/** Fills a view from nothing, then builds it again beside itself: what the two processes had in memory at most. */
export const memory: Scenario = async ({ memory: work }, progress) => {
  await fill(work, progress);
  await emptyRedis();
  const member = await startIotPlatform(componentsFolder(inFourComponents.components, ownGroup()), inFourComponents);
  try {
    const began = performance.now();
    await untilViewHas(member, work.events, (followed) => progress(`${followed} events followed`));
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
      of('service', 'memory of the service that follows', service, seconds),
    ];
  } finally {
    await member.end();
  }
};
