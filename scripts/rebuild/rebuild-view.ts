import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogProgress } from '../../packages/cli/progress.ts';
import { openStores } from '../../packages/platform/open-adapters.ts';
import { openViewStores } from '../../packages/platform/views.ts';
import { createStores } from '../../packages/projections/generations/index.ts';
import {
  abandon,
  defaultPauses,
  describeGeneration,
  preflight,
  type RebuildContext,
  RebuildRefused,
  rebuild,
  retire,
  type Snapshot,
  switchBack,
} from '../../packages/projections/rebuild/index.ts';
import { throttleLog, throttlePages } from '../../packages/projections/throttled-log.ts';
import { maxPointerAgeMs } from '../../packages/projections/view.ts';
import type { Command } from '../command.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { findView, type ServiceView } from '../views.ts';
import { findShortLogRemedy, openKnownKeys, openSnapshot } from './from-source.ts';
import { formatRebuildHelp } from './help.ts';
import { type RebuildCommand, readCommand, readViewName } from './options.ts';
import { printOutcome, printPlan } from './print-outcome.ts';

type Context = RebuildContext<unknown, object>;

const withoutSource = 'let the service use an empty store or database, then run npm run rebuild';

/** npm run rebuild */
export const rebuildView: Command = async (args, { views, env: ownEnv, print }) => {
  if (args.includes('--help')) {
    print(formatRebuildHelp(views));
    return true;
  }
  const view = findView(views, readViewName(args));
  // The options are read before the lab's environment, so that an invalid option is reported at once. A lab supplies the URL of the source.
  const options = readCommand(args, view.source);
  const env = await withLabEnvironment(ownEnv, view.service.appId, options);
  const command = readCommand(args, view.source, env);
  const { close, log, primaryStore, stores } = await openStores(env, view.service, command);
  const progress = createLogProgress(process.stdout);
  const own = openViewStores(view, { store: stores(), secondaryStore: stores });
  const inMessages = (text: string) => nameViewIn(text, view);
  const context: Context = {
    projection: view.projection,
    log: isUnthrottled(command) ? log : throttleLog(log),
    stores: createStores(own),
    primaryStore,
    toDisplayValue: view.toDisplayValue,
    ...(!view.source && { lostLogRemedy: withoutSource }),
    now: Date.now,
    holder: `process ${process.pid} on ${hostname()}`,
    report: (line) => print(inMessages(line)),
    progress,
    ...defaultPauses,
  };
  try {
    return await run(context, view, command);
  } catch (error) {
    if (error instanceof RebuildRefused) error.message = inMessages(error.message);
    throw error;
  } finally {
    progress.stop();
    await close();
  }
};

/** Adds the option that selects the view to the commands in a message of the engine, which knows no options of commands. */
const nameViewIn = (message: string, { projection: { viewOption } }: ServiceView): string =>
  viewOption === undefined
    ? message
    : message.replaceAll(/npm run (rebuild|dead-letters)(?: --)?/g, `npm run $1 -- ${viewOption}`);

const run = async (context: Context, view: ServiceView, command: RebuildCommand): Promise<boolean> => {
  const { report } = context;
  const source =
    command.sourceUrl === undefined ? undefined : view.source?.open(command.sourceUrl, command.sourceAddress);
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
  await source?.check();
  const unthrottled = command.fromSource ? await openSnapshot(source) : undefined;
  const snapshot = unthrottled && !isUnthrottled(command) ? throttleSnapshot(unthrottled) : unthrottled;
  const mode = { ...command, shortLogRemedy: () => findShortLogRemedy(view, command) };
  printPlan(context, command, await preflight(context, { ...mode, isFromSnapshot: command.fromSource }), snapshot);
  if (command.dryRun) {
    report('Nothing was changed.');
    return true;
  }
  const startedAt = performance.now();
  const outcome = await rebuild(context, { ...mode, source, snapshot });
  // Readers cache the pointer to the active generation for this long.
  if (outcome.switched) await delay(maxPointerAgeMs);
  printOutcome(context, view, command, { ...outcome, seconds: (performance.now() - startedAt) / 1000 });
  return outcome.switched;
};

/** A rebuild in place is not throttled, because the view answers no query meanwhile. */
const isUnthrottled = ({ fullSpeed, inPlace }: RebuildCommand) => fullSpeed || inPlace;

const throttleSnapshot = (snapshot: Snapshot<unknown>): Snapshot<unknown> => ({
  ...snapshot,
  pages: (after) => throttlePages(snapshot.pages(after)),
});
