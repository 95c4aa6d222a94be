import { table } from '../../packages/cli/table.ts';
import type { RegisteredView } from '../../packages/platform/views.ts';
import {
  describeGeneration,
  type Findings,
  type RebuildContext,
  type RebuildOutcome,
} from '../../packages/projections/rebuild/index.ts';
import type { RebuildCommand } from './options.ts';

type Context = RebuildContext<unknown, object>;

const shownDifferences = 50;

export const printPlan = (
  context: Context,
  { inPlace }: RebuildCommand,
  { pointer, ranges, into, unfinished }: Findings,
  snapshot: { readonly name: string } | undefined,
) => {
  const events = ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const live = describeGeneration(context, pointer.answering);
  context.report(
    `${live[0]?.toUpperCase()}${live.slice(1)} answers now. The log holds ${events.toLocaleString('en')} events:`,
  );
  context.report(table(ranges.map(({ partition, begin, end }) => ({ partition, begin, end }))));
  if (unfinished) context.report(`An unfinished rebuild was found; it goes on.`);
  context.report(
    inPlace
      ? `${live} is emptied, and ${describeGeneration(context, into)} filled.`
      : `To be filled: ${describeGeneration(context, into)}.`,
  );
  if (snapshot) context.report(`It gets ${snapshot.name}, and what the log gets from now on.`);
};

export const printOutcome = (
  context: Context,
  view: Pick<RegisteredView, 'source' | 'keyName'>,
  { inPlace, into, fromSource }: RebuildCommand,
  {
    switched,
    generation,
    switchBackTo: back,
    differences,
    isTruncated,
    isUndecided,
    setAside,
    seconds,
  }: RebuildOutcome & { seconds: number },
) => {
  const { report: say } = context;
  const name = describeGeneration(context, generation);
  if (setAside > 0) say(`${setAside} records can never be applied: npm run dead-letters -- list shows them.`);
  if (differences.length > 0) {
    say(switched ? 'What the live view showed otherwise:' : `${name} differs, so the old view goes on answering:`);
    say(table(differences.slice(0, shownDifferences).map((one) => asRow(view, one))));
    if (isTruncated || differences.length > shownDifferences)
      say(`… and more, ${isTruncated ? 'over ' : ''}${differences.length} in all.`);
  }
  const unknown = differences.filter(({ isUnknown, rebuilt }) => isUnknown && rebuilt === context.shown(undefined));
  if (fromSource && unknown.length > 0)
    say(
      `${unknown.length}${isTruncated ? ' or more' : ''} of them are unknown to the ${view.source?.name}: they are not in the new view.`,
    );
  if (!switched && isUndecided && differences.length === 0)
    return say(`${name} is compared again and again, and each time too much has changed: run again when less changes.`);
  if (!switched)
    return say(
      `${view.source ? `${view.source.advice} ` : ''}Run again when that is mended, which only compares. ` +
        'To switch all the same: --accept-differences. To give it up: --abandon.' +
        (view.source && !fromSource
          ? ` Where the log itself lost events or holds forged ones: --abandon, then --from-${view.source.option}.`
          : ''),
    );
  say(`${name} answers now, after ${seconds.toFixed(1)} s.`);
  if (into !== undefined)
    say(`To make ${into} the home of the view: STATESTORE_NAME=${into}, and restart the service.`);
  if (back && fromSource)
    say(`${describeGeneration(context, back)} is kept, with what it lost or what was forged: --retire removes it.`);
  else if (back)
    say(
      `${describeGeneration(context, back)} is kept up to date as well: --switch-back returns to it, --retire removes it.`,
    );
  else if (!inPlace)
    say('Nothing before it has all events, so there is nothing to switch back to: --retire removes it.');
};

const asRow = (
  { keyName, source: owner }: Pick<RegisteredView, 'source' | 'keyName'>,
  { key, source, isUnknown, rebuilt, live }: RebuildOutcome['differences'][number],
) => ({
  [keyName]: key,
  ...(owner && { [owner.name]: isUnknown ? `unknown to the ${owner.name}` : (source ?? 'not asked') }),
  rebuilt,
  live: live ?? 'none',
});
