import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogProgress } from '../../packages/cli/progress.ts';
import {
  createRebuildContext,
  nameViewIn,
  openKnownKeys,
  openRebuildLog,
  openSource,
  prepareRebuild,
} from '../../packages/platform/maintenance/index.ts';
import { openStores } from '../../packages/platform/open-adapters.ts';
import {
  abandon,
  describeGeneration,
  type RebuildContext,
  RebuildRefused,
  retire,
  switchBack,
} from '../../packages/projections/rebuild/index.ts';
import { maxPointerAgeMs } from '../../packages/projections/view.ts';
import { limitGarbage } from '../../packages/runtime/limit-garbage.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView } from '../views.ts';
import { formatRebuildHelp } from './help.ts';
import { type RebuildCommand, readCommand, readViewName } from './options.ts';
import { printOutcome, printPlan } from './print-outcome.ts';

type Context = RebuildContext<unknown, object>;

/** npm run rebuild */
export const rebuildView: Command = async (args, { views, env: ownEnv, print }) => {
  if (args.includes('--help')) {
    print(formatRebuildHelp(views));
    return true;
  }
  const view = findView(views, readViewName(args));
  // The options are read before the lab's environment, so that an invalid option is reported at once. A lab supplies the URL of the source.
  const options = readCommand(args, view.source);
  limitGarbage();
  const env = await withLabEnvironment(ownEnv, view.service.appId, options);
  const command = readCommand(args, view.source, env);
  const { close, log, primaryStore, stores } = await openStores(env, view.service, command);
  const progress = createLogProgress(process.stdout);
  const context = createRebuildContext(view, {
    store: stores(),
    secondaryStore: stores,
    topicLog: openRebuildLog(log, command),
    stateStoreName: primaryStore,
    now: Date.now,
    holder: `process ${process.pid} on ${hostname()}`,
    report: print,
    progress,
  });
  try {
    return await run(context, view, command);
  } catch (error) {
    if (error instanceof RebuildRefused) error.message = nameViewIn(error.message, view);
    throw error;
  } finally {
    progress.stop();
    await close();
  }
};

const run = async (context: Context, view: ServiceView, command: RebuildCommand): Promise<boolean> => {
  const { report } = context;
  const source = openSource(view, command);
  if (command.action === 'switch-back')
    report(`${describeGeneration(context, await switchBack(context))} answers now.`);
  if (command.action === 'abandon') {
    const removed = await abandon(context, await openKnownKeys(view, source, report));
    report(`${describeGeneration(context, removed)} is given up and removed.`);
  }
  if (command.action === 'retire') {
    const removed = await retire(context, await openKnownKeys(view, source, report));
    const names = removed.map((generation) => describeGeneration(context, generation)).join(', ');
    report(removed.length === 0 ? 'There is no generation to retire.' : `Removed ${names}.`);
  }
  if (command.action !== 'rebuild') return true;
  const prepared = await prepareRebuild(context, view, command);
  printPlan(context, command, await prepared.preflight(), prepared.snapshot);
  if (command.dryRun) {
    report('Nothing was changed.');
    return true;
  }
  const startedAt = performance.now();
  const outcome = await prepared.rebuild();
  // Readers cache the pointer to the active generation for this long.
  if (outcome.switched) await delay(maxPointerAgeMs);
  printOutcome(context, view, command, { ...outcome, seconds: (performance.now() - startedAt) / 1000 });
  return outcome.switched;
};
