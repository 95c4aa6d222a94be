import type { OpenedSource, RegisteredView } from '../../packages/platform/views.ts';
import { RebuildRefused, type Snapshot } from '../../packages/projections/rebuild/index.ts';
import type { RebuildCommand } from './options.ts';

/** The data of the source, to begin with. @throws RebuildRefused when a view cannot begin with it */
export const snapshotOf = async (source: OpenedSource<unknown> | undefined): Promise<Snapshot<unknown> | undefined> => {
  const unfitness = await source?.unfitness();
  if (unfitness !== undefined) throw new RebuildRefused(unfitness);
  return source?.snapshot;
};

/** What to do where the log no longer reaches back to its beginning; undefined where nothing can be done. */
export const remedyForShortLog = async (
  { source }: Pick<RegisteredView, 'source'>,
  { sourceUrl, into, inPlace, view }: RebuildCommand,
): Promise<string | undefined> => {
  if (!source || sourceUrl === undefined) return undefined;
  const opened = source.open(sourceUrl);
  const unfitness = await opened.unfitness();
  if (unfitness !== undefined) return unfitness;
  const options = [
    `--from-${source.option}`,
    ...(view === undefined ? [] : ['--view', view]),
    ...(inPlace ? ['--in-place'] : []),
    ...(into === undefined ? [] : ['--into', into]),
    ...(sourceUrl === source.usualUrl ? [] : [`--${source.option}`, sourceUrl]),
  ];
  return `Begin with ${opened.snapshot.name} instead: npm run rebuild -- ${options.join(' ')}`;
};

/** Names the keys that the log has forgotten, where the source can be asked; they stay in the store otherwise. */
export const knownKeys = async (
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
    print(`The ${source.name} cannot be asked for its keys, so only keys that the log still has are removed.`);
    return undefined;
  }
};
