import { setTimeout as delay } from 'node:timers/promises';
import type { MandateChanged } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import type { Completeness } from '../packages/projections/completeness.ts';
import type { DriftWatch } from '../packages/projections/drift/index.ts';
import { type StoreContext, storesOf } from '../packages/projections/generations/index.ts';
import type { LogReader } from '../packages/projections/log-reader.ts';
import {
  noProgress,
  type RebuildContext,
  RebuildUnderWay,
  rebuild,
  retire,
  usualPauses,
} from '../packages/projections/rebuild/index.ts';
import { openView } from '../packages/projections/view.ts';
import { pauseUnlessAborted } from '../packages/runtime/pause.ts';
import { backoff } from '../packages/runtime/retry.ts';
import type { World } from '../packages/runtime/world.ts';
import { type Mandate, permittedLevel } from './mandates/mandate.ts';
import { mandates } from './mandates/materialise.ts';

type AutoRebuildContext = World &
  StoreContext & {
    readonly topicLog: LogReader;
    readonly drift: DriftWatch;
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
export const startAutoRebuild = (context: AutoRebuildContext): { close(): Promise<void> } => {
  const { log, drift, store, otherStore } = context;
  const view = openView<Mandate>(mandates, store, { otherStore, partitions: drift.partitions });
  const closing = new AbortController();
  let failures = 0;
  let isRetiring = false;

  const look = async () => {
    const completeness = await view.completeness();
    if (isRepairable(completeness, drift)) await repair();
    if (!isRetiring) return;
    await retire(rebuildContext(context));
    isRetiring = false;
  };
  const repair = async () => {
    log.info({ projection: mandates.name }, 'the view is being rebuilt from the log');
    const { switched, generation, setAside } = await rebuild(rebuildContext(context), {
      inPlace: false,
      acceptDifferences: false,
    });
    if (!switched) throw new Error('the rebuilt view differs from the one that answers: npm run rebuild shows where');
    log.info({ projection: mandates.name, generation, setAside }, 'the rebuilt view answers');
    isRetiring = true;
  };
  const running = (async () => {
    while (!closing.signal.aborted) {
      await look().then(
        () => {
          failures = 0;
        },
        (err: unknown) => {
          if (err instanceof RebuildUnderWay) return;
          log[failures > 0 ? 'debug' : 'warn']({ err }, 'the view could not be rebuilt, will retry');
          failures++;
        },
      );
      await pauseUnlessAborted(failures === 0 ? lookEveryMs : retryAfterMs(failures), closing.signal);
    }
  })();

  return {
    close: async () => {
      closing.abort();
      await Promise.race([running, delay(closeWithinMs, undefined, { ref: false })]);
    },
  };
};

const isRepairable = ({ state, partitions }: Completeness, drift: DriftWatch): boolean =>
  state === 'empty'
    ? drift.lostToEmptyStore() > 0
    : state === 'incomplete' && Object.values(partitions).every(({ lost }) => lost === undefined);

const rebuildContext = (context: AutoRebuildContext): RebuildContext<MandateChanged, Mandate> => ({
  projection: mandates,
  log: context.topicLog,
  stores: storesOf(context),
  home: context.stateStoreName,
  shown: permittedLevel,
  now: context.now,
  holder: `the service ${context.newId()}`,
  say: (line) => context.log.debug({ projection: mandates.name }, line),
  // /status shows how far it is.
  progress: noProgress,
  ...usualPauses,
});
