import { createStores, type StoreContext } from '../../projections/generations/index.ts';
import type { LogReader } from '../../projections/log-reader.ts';
import { defaultPauses, type RebuildContext } from '../../projections/rebuild/index.ts';
import { openViewStores, type RegisteredView } from '../views.ts';

const withoutSource = 'let the service use an empty store or database, then run npm run rebuild';

type Run = StoreContext &
  Pick<RebuildContext<unknown, object>, 'now' | 'holder' | 'report' | 'progress'> & {
    readonly topicLog: LogReader;
    readonly stateStoreName: string;
  };

/** The context of a rebuild of this view. Its messages name the view in the commands that they suggest. */
export const createRebuildContext = (
  view: RegisteredView,
  { topicLog, stateStoreName, now, holder, report, progress, ...stores }: Run,
): RebuildContext<unknown, object> => ({
  projection: view.projection,
  log: topicLog,
  stores: createStores(openViewStores(view, stores)),
  primaryStore: stateStoreName,
  toDisplayValue: view.toDisplayValue,
  ...(!view.source && { lostLogRemedy: withoutSource }),
  now,
  holder,
  report: (line) => report(nameViewIn(line, view)),
  progress,
  ...defaultPauses,
});

/** Adds the option that selects the view to the commands in a message of the engine, which knows no options of commands. */
export const nameViewIn = (
  message: string,
  { projection: { viewOption } }: Pick<RegisteredView, 'projection'>,
): string =>
  viewOption === undefined
    ? message
    : message.replaceAll(/npm run (rebuild|dead-letters)(?: --)?/g, `npm run $1 -- ${viewOption}`);
