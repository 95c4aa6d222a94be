import { inFourComponents, inOneComponent, ours } from '../contestants/ours.ts';
import type { Result } from '../result.ts';
import { fill } from './materialise.ts';
import type { Scenario } from './scenario.ts';

const atMost = 300;

/** The whole view from an empty store; what the service's process has had in memory at most. */
export const memory: Scenario = async ({ memory: work }, progress) => {
  await fill(work, progress);
  const results: Result[] = [];
  for (const configuration of [inOneComponent, inFourComponents]) {
    progress(`memory, ${configuration.name}: ${work.events} events`);
    const { usage, events, seconds } = await ours('redis', configuration).pass(work);
    const app = usage.app;
    if (!app) throw new Error('the service was not observed');
    results.push({
      scenario: 'memory',
      id: configuration.name,
      title: `memory of the service, ${configuration.name}`,
      configuration: `${work.events} events, ${work.keys} keys, ${Math.round(events / seconds)} events/s`,
      unit: 'MB',
      values: [app.megabytes],
      usage,
      goal: { atMost },
    });
  }
  return results;
};
