import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogProgress } from '../../packages/cli/progress.ts';
import { openStores } from '../../packages/platform/open-adapters.ts';
import { storesOfView } from '../../packages/platform/views.ts';
import { storesOf } from '../../packages/projections/generations/index.ts';
import {
  abandon,
  nameOf,
  preflight,
  type RebuildContext,
  rebuild,
  retire,
  type Snapshot,
  switchBack,
  usualPauses,
} from '../../packages/projections/rebuild/index.ts';
import { throttledLog, throttledPages } from '../../packages/projections/throttled-log.ts';
import { pointerAgeMs } from '../../packages/projections/view.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView } from '../views.ts';
import { knownKeys, remedyForShortLog, snapshotOf } from './from-source.ts';
import { rebuildHelp } from './help.ts';
import { nameOfView, type RebuildCommand, readCommand } from './options.ts';
import { printOutcome, printPlan } from './print-outcome.ts';

type Context = RebuildContext<unknown, object>;

/** npm run rebuild */
export const rebuildView: Command = async (args, { views, env: ownEnv, print }) => {
  if (args.includes('--help')) {
    print(rebuildHelp(views));
    return true;
  }
  const view = findView(views, nameOfView(args));
  // First, for an option that cannot be is told without a look at the lab.
  const options = readCommand(args, view.source);
  const env = await withLabEnvironment(ownEnv, options);
  const command = readCommand(args, view.source, env);
  const { close, log, home, stores } = await openStores(env, view.service, command);
  const progress = createLogProgress(process.stdout);
  const own = storesOfView(view, { store: stores(), secondaryStore: stores });
  const context: Context = {
    projection: view.projection,
    log: isHurried(command) ? log : throttledLog(log),
    stores: storesOf(own),
    home,
    shown: view.shown,
    now: Date.now,
    holder: `process ${process.pid} on ${hostname()}`,
    say: print,
    progress,
    ...usualPauses,
  };
  return run(context, view, command).finally(() => {
    progress.stop();
    close();
  });
};

const run = async (context: Context, view: ServiceView, command: RebuildCommand): Promise<boolean> => {
  const { say } = context;
  const source = command.sourceUrl === undefined ? undefined : view.source?.open(command.sourceUrl);
  if (command.action === 'switch-back') say(`${nameOf(context, await switchBack(context))} answers now.`);
  if (command.action === 'abandon') {
    const gone = await abandon(context, await knownKeys(view, source, say));
    say(`${nameOf(context, gone)} is given up and removed.`);
  }
  if (command.action === 'retire') {
    const gone = await retire(context, await knownKeys(view, source, say));
    say(
      gone.length === 0 ? 'There is nothing to retire.' : `Removed ${gone.map((g) => nameOf(context, g)).join(', ')}.`,
    );
  }
  if (command.action !== 'rebuild') return true;
  await source?.check();
  const whole = command.fromSource ? await snapshotOf(source) : undefined;
  const snapshot = whole && !isHurried(command) ? throttled(whole) : whole;
  const way = { ...command, shortLogRemedy: () => remedyForShortLog(view, command) };
  printPlan(context, command, await preflight(context, { ...way, isFromSnapshot: command.fromSource }), snapshot);
  if (command.dryRun) {
    say('Nothing was changed.');
    return true;
  }
  const startedAt = performance.now();
  const outcome = await rebuild(context, { ...way, source, snapshot });
  // Readers use what they know of the generations for so long.
  if (outcome.switched) await delay(pointerAgeMs);
  printOutcome(context, view, command, { ...outcome, seconds: (performance.now() - startedAt) / 1000 });
  return outcome.switched;
};

/** In place nothing is answered meanwhile. */
const isHurried = ({ fullSpeed, inPlace }: RebuildCommand) => fullSpeed || inPlace;

const throttled = (snapshot: Snapshot<unknown>): Snapshot<unknown> => ({
  ...snapshot,
  pages: (after) => throttledPages(snapshot.pages(after)),
});
