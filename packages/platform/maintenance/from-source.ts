import { RebuildRefused, type Snapshot } from '../../projections/rebuild/index.ts';
import type { OpenedSource, RegisteredView } from '../views.ts';
import type { RebuildRequest } from './rebuild-request.ts';

/** Opens the snapshot of the source. @throws RebuildRefused when a view cannot be built from this source */
export const openSnapshot = async (
  source: OpenedSource<unknown> | undefined,
): Promise<Snapshot<unknown> | undefined> => {
  const unfitness = await source?.findUnfitness();
  if (unfitness !== undefined) throw new RebuildRefused(unfitness);
  return source?.snapshot;
};

/** The remedy where the log no longer has its first records; undefined where there is none. */
export const findShortLogRemedy = async (
  { source }: Pick<RegisteredView, 'source'>,
  { sourceUrl, sourceAddress, into, inPlace, view }: RebuildRequest,
): Promise<string | undefined> => {
  if (!source || sourceUrl === undefined) return undefined;
  const opened = source.open(sourceUrl, sourceAddress);
  const unfitness = await opened.findUnfitness();
  if (unfitness !== undefined) return unfitness;
  const options = [
    `--from-${source.option}`,
    ...(view === undefined ? [] : ['--view', view]),
    ...(inPlace ? ['--in-place'] : []),
    ...(into === undefined ? [] : ['--into', into]),
    ...(sourceUrl === `http://localhost:${source.address.defaultPort}` ? [] : [`--${source.option}`, sourceUrl]),
  ];
  return `Rebuild from ${opened.snapshot.name} instead: npm run rebuild -- ${options.join(' ')}`;
};

/**
 * The snapshot of the source, whose keys are removed in addition to the keys of the log. Undefined where the source does not
 * answer; then keys that the log no longer has stay in the store.
 */
export const openKnownKeys = async (
  { source }: Pick<RegisteredView, 'source'>,
  opened: OpenedSource<unknown> | undefined,
  print: (line: string) => void,
): Promise<Snapshot<unknown> | undefined> => {
  if (!source || !opened) return undefined;
  try {
    await opened.check();
    return opened.snapshot;
  } catch (error) {
    if (!(error instanceof RebuildRefused)) throw error;
    print(`The ${source.name} does not answer, so only the keys that the log still has are removed.`);
    return undefined;
  }
};
