import { setTimeout as delay } from 'node:timers/promises';
import type { Completeness } from '../projections/completeness.ts';
import { createStores, type StoreContext } from '../projections/generations/index.ts';
import type { LogReader } from '../projections/log-reader.ts';
import {
  defaultPauses,
  noProgress,
  type RebuildContext,
  RebuildInProgress,
  rebuild,
  retire,
} from '../projections/rebuild/index.ts';
import { backoff } from '../runtime/retry.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sleepUnlessAborted } from '../runtime/sleep.ts';
import type { RunningView } from './running-views.ts';
import { storesOfView } from './views.ts';

type AutoRebuildContext = Runtime &
  StoreContext & {
    readonly topicLog: LogReader;
    readonly stateStoreName: string;
  };

const lookEveryMs = 2_000;
/** Each attempt reads the whole log. */
const retryAfterMs = backoff({ firstMs: 4_000, mostMs: 300_000 });
/** A rebuild that is under way is not waited for: another one continues it. */
const closeWithinMs = 500;

/**
 * Rebuilds the view from the log where its store was found empty or incomplete, until it is closed. Of several instances
 * one works: the lease of the rebuild decides. What no log holds any more only a person can repair, from the CRM.
 */
export const startAutoRebuild = (running: RunningView, context: AutoRebuildContext): { close(): Promise<void> } => {
  const { log } = context;
  const { view, drift } = running;
  const { name } = running.registered.projection;
  const closing = new AbortController();
  let failures = 0;
  let isRetiring = false;

  const look = async () => {
    const completeness = await view.completeness();
    if (isRepairable(completeness, drift)) await repair();
    if (!isRetiring) return;
    await retire(rebuildContext(running, context));
    isRetiring = false;
  };
  const repair = async () => {
    log.info({ projection: name }, 'the view is being rebuilt from the log');
    const { switched, generation, setAside } = await rebuild(rebuildContext(running, context), {
      inPlace: false,
      acceptDifferences: false,
    });
    if (!switched) throw new Error('the rebuilt view differs from the one that answers: npm run rebuild shows where');
    log.info({ projection: name, generation, setAside }, 'the rebuilt view answers');
    isRetiring = true;
  };
  const looking = (async () => {
    while (!closing.signal.aborted) {
      await look().then(
        () => {
          failures = 0;
        },
        (err: unknown) => {
          if (err instanceof RebuildInProgress) return;
          log[failures > 0 ? 'debug' : 'warn']({ err, projection: name }, 'the view could not be rebuilt, will retry');
          failures++;
        },
      );
      await sleepUnlessAborted(failures === 0 ? lookEveryMs : retryAfterMs(failures), closing.signal);
    }
  })();

  return {
    close: async () => {
      closing.abort();
      await Promise.race([looking, delay(closeWithinMs, undefined, { ref: false })]);
    },
  };
};

const isRepairable = ({ state, partitions }: Completeness, drift: RunningView['drift']): boolean =>
  state === 'empty'
    ? drift.lostToEmptyStore() > 0
    : state === 'incomplete' && Object.values(partitions).every(({ lost }) => lost === undefined);

const rebuildContext = ({ registered }: RunningView, context: AutoRebuildContext): RebuildContext<unknown, object> => ({
  projection: registered.projection,
  log: context.topicLog,
  stores: createStores(storesOfView(registered, context)),
  primaryStore: context.stateStoreName,
  shown: registered.shown,
  now: context.now,
  holder: `the service ${context.newId()}`,
  report: (line) => context.log.debug({ projection: registered.projection.name }, line),
  // /status shows how far it is.
  progress: noProgress,
  ...defaultPauses,
});
