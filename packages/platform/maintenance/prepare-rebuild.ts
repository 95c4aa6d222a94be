import type { LogReader } from '../../projections/log-reader.ts';
import { preflight, type RebuildContext, rebuild, type Snapshot } from '../../projections/rebuild/index.ts';
import { throttleLog, throttlePages } from '../../projections/throttled-log.ts';
import type { OpenedSource, RegisteredView } from '../views.ts';
import { findShortLogRemedy, openSnapshot } from './from-source.ts';
import type { RebuildRequest } from './rebuild-request.ts';

/** A rebuild in place is not throttled, because the view answers no query meanwhile. */
const isUnthrottled = ({ fullSpeed, inPlace }: Pick<RebuildRequest, 'fullSpeed' | 'inPlace'>) => fullSpeed || inPlace;

/** The log as a rebuild reads it. */
export const openRebuildLog = (log: LogReader, request: Pick<RebuildRequest, 'fullSpeed' | 'inPlace'>): LogReader =>
  isUnthrottled(request) ? log : throttleLog(log);

export const openSource = (
  { source }: Pick<RegisteredView, 'source'>,
  { sourceUrl, sourceAddress }: Pick<RebuildRequest, 'sourceUrl' | 'sourceAddress'>,
): OpenedSource<unknown> | undefined => (sourceUrl === undefined ? undefined : source?.open(sourceUrl, sourceAddress));

/** Opens what the rebuild reads, and returns its steps. @throws RebuildRefused when the source cannot be used */
export const prepareRebuild = async (
  context: RebuildContext<unknown, object>,
  view: Pick<RegisteredView, 'source'>,
  request: RebuildRequest,
) => {
  const source = openSource(view, request);
  await source?.check();
  const unthrottled = request.fromSource ? await openSnapshot(source) : undefined;
  const snapshot = unthrottled && !isUnthrottled(request) ? throttleSnapshot(unthrottled) : unthrottled;
  const mode = { ...request, shortLogRemedy: () => findShortLogRemedy(view, request) };
  return {
    snapshot,
    preflight: () => preflight(context, { ...mode, isFromSnapshot: request.fromSource }),
    rebuild: () => rebuild(context, { ...mode, source, snapshot }),
  };
};

const throttleSnapshot = (snapshot: Snapshot<unknown>): Snapshot<unknown> => ({
  ...snapshot,
  pages: (after) => throttlePages(snapshot.pages(after)),
});
