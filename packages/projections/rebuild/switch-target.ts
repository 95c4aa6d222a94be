import type { Generation } from '../generations/generation.ts';
import { nameOf, partitionsOf, type RebuildContext } from './context.ts';
import { positionsOf } from './listing.ts';

type Target = {
  readonly back: Generation | undefined;
  /** Why those after it cannot answer. */
  readonly unfit: readonly string[];
};

/** Of the generations that answered before, the latest that has all that the answering one has. */
export const switchTarget = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  { answering, previous }: { answering: Generation; previous: readonly Generation[] },
): Promise<Target> => {
  const partitions = await partitionsOf(context);
  // First the one that answers: the other way round one that follows it would seem to be behind.
  const now = await positionsOf(context, answering, partitions);
  const unfit: string[] = [];
  for (const back of previous.toReversed()) {
    const then = await positionsOf(context, back, partitions).catch((error: Error) => error);
    if (then instanceof Error) {
      unfit.push(`${nameOf(context, back)} cannot be read (${then.message})`);
      continue;
    }
    const lacking = partitions.find((partition) => {
      const other = then.get(partition);
      return !other || other.missing.length > 0 || other.applied < (now.get(partition)?.applied ?? -1);
    });
    if (lacking === undefined) return { back, unfit };
    const why = then.get(lacking) ? `misses events of partition ${lacking}` : 'is no longer kept up to date';
    unfit.push(`${nameOf(context, back)} ${why}`);
  }
  return { back: undefined, unfit };
};
