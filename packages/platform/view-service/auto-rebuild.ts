import { setTimeout as delay } from 'node:timers/promises';
import { type Completeness, formatRebuild } from '../../projections/completeness.ts';
import type { StoreContext } from '../../projections/generations/index.ts';
import type { LogReader } from '../../projections/log-reader.ts';
import { noProgress, RebuildInProgress, rebuild, retire } from '../../projections/rebuild/index.ts';
import { backoff } from '../../runtime/retry.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { sleepUnlessAborted } from '../../runtime/sleep.ts';
import { createRebuildContext } from '../maintenance/index.ts';
import type { RunningView } from '../running-views.ts';

type AutoRebuildContext = Runtime &
  StoreContext & {
    readonly topicLog: LogReader;
    readonly stateStoreName: string;
  };

const checkIntervalMs = 2_000;
/** Each attempt reads the whole log. */
const retryAfterMs = backoff({ firstMs: 4_000, maxMs: 300_000 });
/** How long close waits for a running rebuild; a later one continues it. */
const closeTimeoutMs = 500;

/**
 * Rebuilds the view from the log whenever its store is empty or incomplete, until it is closed. The lease of the rebuild ensures
 * that one of several instances does it. Records that the log has lost need a manual rebuild from the CRM.
 */
export const startAutoRebuild = (running: RunningView, context: AutoRebuildContext): { close(): Promise<void> } => {
  const { log } = context;
  const { view, drift } = running;
  const { name, viewOption } = running.registered.projection;
  const closing = new AbortController();
  let failures = 0;
  let isRetiring = false;

  const checkView = async () => {
    const completeness = await view.completeness();
    if (isRepairable(completeness, drift)) await rebuildView();
    if (!isRetiring) return;
    await retire(createContext(running, context));
    isRetiring = false;
  };
  const rebuildView = async () => {
    log.info({ projection: name }, 'rebuilding the view from the log');
    const { switched, generation, setAside } = await rebuild(createContext(running, context), {
      inPlace: false,
      acceptDifferences: false,
    });
    if (!switched)
      throw new Error(
        `the rebuilt view differs from the live view: ${formatRebuild(viewOption)} shows the differences`,
      );
    log.info({ projection: name, generation, setAside }, 'switched to the rebuilt view');
    isRetiring = true;
  };
  const loop = (async () => {
    while (!closing.signal.aborted) {
      await checkView().then(
        () => {
          failures = 0;
        },
        (err: unknown) => {
          if (err instanceof RebuildInProgress) return;
          log[failures > 0 ? 'debug' : 'warn']({ err, projection: name }, 'rebuilding the view failed, will retry');
          failures++;
        },
      );
      await sleepUnlessAborted(failures === 0 ? checkIntervalMs : retryAfterMs(failures), closing.signal);
    }
  })();

  return {
    close: async () => {
      closing.abort();
      await Promise.race([loop, delay(closeTimeoutMs, undefined, { ref: false })]);
    },
  };
};

const isRepairable = ({ state, partitions }: Completeness, drift: RunningView['drift']): boolean =>
  state === 'empty'
    ? drift.lostToEmptyStore() > 0
    : state === 'incomplete' && Object.values(partitions).every(({ lost }) => lost === undefined);

const createContext = ({ registered }: RunningView, context: AutoRebuildContext) =>
  createRebuildContext(registered, {
    ...context,
    holder: `the service ${context.newId()}`,
    report: (line) => context.log.debug({ projection: registered.projection.name }, line),
    // /status shows the progress.
    progress: noProgress,
  });
