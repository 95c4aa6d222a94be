import type { Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { emptyRedis } from '../stack/stores.ts';
import { waitForView } from '../stack/view.ts';
import { checkView, readRebuiltRedis } from '../stack/view-check.ts';
import { fastConfiguration, startMembers } from '../subjects/ours.ts';
import type { Work } from '../work.ts';
import { fillTopic } from './materialise.ts';
import type { Scenario } from './scenario.ts';

const option = '--full-speed';

/** Rebuilds a view by the versions in turns. Each rebuild is the first one of a view that the same version has filled. */
export const rebuild: Scenario = async ({ rebuild: work, rebuilds }, progress, checkouts) => {
  await fillTopic(work, progress);
  const rates = new Map<Checkout, number[]>(checkouts.map((checkout) => [checkout, []]));
  for (let repeat = 1; repeat <= rebuilds; repeat++)
    for (const [checkout, done] of rates) {
      progress(`rebuild by ${checkout.title}, ${repeat} of ${rebuilds}`);
      done.push(await measureRate(checkout, work));
    }
  return [...rates].map(
    ([{ id, title }, values]): Result => ({
      scenario: 'rebuild',
      id: `${id}-rate`,
      title: `npm run rebuild, ${title}`,
      configuration: `${option}, ${work.events} events and keys, ${fastConfiguration.components}`,
      unit: 'events/s',
      values,
    }),
  );
};

const measureRate = async (checkout: Checkout, work: Work): Promise<number> => {
  await emptyRedis();
  const started = await startMembers(checkout, fastConfiguration);
  try {
    await waitForView(started.members, work.events);
    const { seconds } = await (await startRebuild(checkout.folder, option)).finished;
    await checkView(work, readRebuiltRedis);
    return work.events / seconds;
  } finally {
    await started.end();
  }
};
