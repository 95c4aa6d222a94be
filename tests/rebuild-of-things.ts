import type { EmbeddedPlatform } from '../packages/embedded/platform.ts';
import { createStores, type Stores } from '../packages/projections/generations/index.ts';
import { noProgress, type RebuildContext, RebuildRefused } from '../packages/projections/rebuild/index.ts';
import { createValueObserver, type ValueObserver } from '../packages/runtime/lease.ts';
import { type Thing, things } from './things.ts';

/** Creates contexts for rebuilds of the view in the store `primary`, and collects their printed lines. */
export const rebuildsOf = (platform: EmbeddedPlatform, { recheckAfterMs }: { recheckAfterMs: number }) => {
  const reported: string[] = [];
  const context = (disturb: (stores: Stores) => Stores = (stores) => stores, observeLease?: () => ValueObserver) =>
    ({
      projection: things,
      log: platform.logReader(),
      stores: disturb(createStores({ store: platform.stateStore('primary'), secondaryStore: platform.stateStore })),
      primaryStore: 'primary',
      toDisplayValue: (thing) => String(thing?.n ?? 0),
      now: Date.now,
      holder: 'a test',
      ...(observeLease && { observeLease }),
      report: (line) => void reported.push(line),
      progress: noProgress,
      pointerExpiryMs: 0,
      recheckAfterMs,
    }) satisfies RebuildContext<Thing, Thing>;
  return { reported, context };
};

/** Lets a rebuild take over at once, without observing whether the previous one renews its lease. */
export const expiredAtOnce = () => createValueObserver(0);

/** Simulates a process that is killed at its nth write: all later calls fail, and none is retried. */
export const killedAt = (nth: number) => {
  let writes = 0;
  const alive = () => {
    if (writes >= nth) throw new RebuildRefused('killed');
  };
  const counted = async (write: () => Promise<void>) => {
    alive();
    await write();
    writes++;
    alive();
  };
  return (stores: Stores): Stores =>
    (name) => ({
      ...stores(name),
      getMany: async (keys) => {
        alive();
        return stores(name).getMany(keys);
      },
      transact: (upserts) => counted(() => stores(name).transact(upserts)),
      remove: (keys) => counted(() => stores(name).remove(keys)),
    });
};
