import { formatTable } from '../../packages/cli/table.ts';
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
  context.report(formatTable(ranges.map(({ partition, begin, end }) => ({ partition, begin, end }))));
  if (unfinished) context.report('This command continues an unfinished rebuild.');
  context.report(
    inPlace
      ? `${live} is emptied, and ${describeGeneration(context, into)} filled.`
      : `To be filled: ${describeGeneration(context, into)}.`,
  );
  if (snapshot) context.report(`It starts with ${snapshot.name} and follows the log from now on.`);
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
  const { report } = context;
  const name = describeGeneration(context, generation);
  if (setAside > 0) report(`${setAside} records can never be applied: npm run dead-letters -- list shows them.`);
  if (differences.length > 0) {
    report(switched ? 'The old live view differed:' : `${name} differs, so the old view keeps answering:`);
    report(formatTable(differences.slice(0, shownDifferences).map((difference) => asRow(view, difference))));
    if (isTruncated || differences.length > shownDifferences)
      report(`… and more: ${isTruncated ? 'over ' : ''}${differences.length} in total.`);
  }
  const unknown = differences.filter(
    ({ isUnknown, rebuilt }) => isUnknown && rebuilt === context.toDisplayValue(undefined),
  );
  if (fromSource && unknown.length > 0)
    report(
      `${unknown.length}${isTruncated ? ' or more' : ''} of them are unknown to the ${view.source?.name}, so the new view does not have them.`,
    );
  if (!switched && isUndecided && differences.length === 0)
    return report(`${name} changed too fast to be compared. Run this command again when fewer events arrive.`);
  if (!switched)
    return report(
      `${view.source ? `${view.source.advice} ` : ''}Then run this command again; it only repeats the comparison. ` +
        'To switch although they differ, add --accept-differences. To give the rebuild up, use --abandon.' +
        (view.source && !fromSource
          ? ` Where the log lost events or has forged ones, use --abandon, then --from-${view.source.option}.`
          : ''),
    );
  report(`${name} answers now, after ${seconds.toFixed(1)} s.`);
  if (into !== undefined)
    report(`To make ${into} the primary store of the view, set STATESTORE_NAME=${into} and restart the service.`);
  if (back && fromSource)
    report(`${describeGeneration(context, back)} is kept with its lost or forged events: --retire removes it.`);
  else if (back)
    report(
      `${describeGeneration(context, back)} is kept up to date as well: --switch-back returns to it, --retire removes it.`,
    );
  else if (!inPlace)
    report('No earlier generation has all events, so --switch-back is impossible: --retire removes the earlier ones.');
};

const asRow = (
  { keyName, source: owner }: Pick<RegisteredView, 'source' | 'keyName'>,
  { key, source, isUnknown, rebuilt, live }: RebuildOutcome['differences'][number],
) => ({
  [keyName]: key,
  ...(owner && { [owner.name]: isUnknown ? `unknown to the ${owner.name}` : (source ?? 'not compared') }),
  rebuilt,
  live: live ?? 'none',
});
