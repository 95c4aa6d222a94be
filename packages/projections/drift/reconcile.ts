import { type Checkpoint, subtract, union } from '../checkpoints/checkpoint.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import {
  asCheckpointDocument,
  type CheckpointDocument,
  missingInAll,
  updateCheckpoints,
} from '../generations/checkpoint-document.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import type { StateStore, Upsert } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import { askLog, type Changed, type HeldDocument, nothingKnown, withAnswer } from './log-answer.ts';
import { type Observed, observe } from './when-to-ask.ts';

/** What a view was found to lack. */
export type Found = { readonly partition: number; readonly missingBefore?: number; readonly lost?: Checkpoint['lost'] };

type Comparison = {
  /** By partition, what the consumer group has committed: the view should have everything before. */
  readonly committedOffsets: ReadonlyMap<number, number>;
  readonly ranges: readonly PartitionRange[];
  readonly log: { readonly reader: LogReader; readonly topic: string } | undefined;
  /** By the look before, if there was one. */
  readonly before: Observed | undefined;
};

export type Reconciled = {
  readonly found: readonly Found[];
  readonly observed: Observed | undefined;
  /** Records that the log holds and whose headers may have hidden their place: they are to be applied. */
  readonly misplaced: readonly DeliveredRecord[];
  /** Why the log could not be asked. */
  readonly failure?: unknown;
};

/** Compares the positions of one store with group and log, and writes down what is missing, lost, or not missing after all. */
export const reconcile = async (
  store: StateStore,
  held: readonly HeldDocument[],
  { committedOffsets, ranges, log, before }: Comparison,
): Promise<Reconciled> => {
  const rangeOf = (partition: number) => ranges.find((range) => range.partition === partition);
  const mark = (one: HeldDocument): Changed => {
    const { begin = 0, end = Number.MAX_SAFE_INTEGER } = rangeOf(one.partition) ?? {};
    // Offsets that were committed to a topic before it was deleted may outlive it: nothing is missing behind the end.
    const next = Math.max(Math.min(committedOffsets.get(one.partition) ?? 0, end), begin);
    return { ...one, after: loseWhatIsCutOff(missingInAll(one.document, next), begin) };
  };
  const marked = held.map(mark);
  const observed = observe(marked, ranges, before, performance.now());
  let answer = nothingKnown;
  let failure: unknown;
  if (log && observed.isDue)
    try {
      answer = await askLog(log, marked);
    } catch (error) {
      // What is missing is written down all the same.
      failure = error;
    }
  const { misplaced } = answer;
  // Under load a writer always is first while the log is asked: what the log holds has not changed, so it is not asked again.
  return retryOnConflict(async () => {
    const stored = await store.getMany(held.map(({ key }) => key));
    const checked = held.map((one) => {
      const value = stored.get(one.key);
      const document = asCheckpointDocument(value?.value) ?? one.document;
      return withAnswer(mark({ ...one, etag: value?.etag, document }), answer);
    });
    const upserts = checked.flatMap(({ key, etag, document, after }): Upsert[] =>
      after === document ? [] : [{ key, value: after, etag }],
    );
    if (upserts.length > 0) await store.transact(upserts);
    return { found: checked.flatMap(foundIn), observed, misplaced, failure };
  });
};

const foundIn = ({ partition, document, after }: Changed): Found[] => {
  const [before, now] = [document, after].map(({ generations }) => Object.values(generations));
  const lost = now?.find((position) => position.lost)?.lost;
  const gaps = now?.flatMap(({ missing }) => missing) ?? [];
  const isNew = subtract(union(gaps), union(before?.flatMap(({ missing }) => missing) ?? [])).length > 0;
  return [
    ...(isNew ? [{ partition, missingBefore: (gaps.at(-1)?.[1] ?? 0) + 1 }] : []),
    ...(lost && !before?.some((position) => position.lost) ? [{ partition, lost }] : []),
  ];
};

/** What was removed before it was read cannot be read any more. */
const loseWhatIsCutOff = (document: CheckpointDocument, begin: number): CheckpointDocument =>
  updateCheckpoints(document, (position) =>
    position.lost === undefined && position.missing.some(([first]) => first < begin)
      ? { ...position, lost: 'log-truncated' }
      : position,
  );
