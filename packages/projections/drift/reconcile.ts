import { type Checkpoint, subtract, union } from '../checkpoints/checkpoint.ts';
import type { DeliveredRecord } from '../event-bus.ts';
import {
  asCheckpointDocument,
  type CheckpointDocument,
  markMissingInAll,
  updateCheckpoints,
} from '../generations/checkpoint-document.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';
import type { StateStore, Upsert } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import { applyFindings, type DocumentChange, noFindings, queryLog, type StoredDocument } from './log-findings.ts';
import { decideQuery, type Observation } from './when-to-query-log.ts';

/** What a view was found to lack in one partition. */
type Drift = { readonly partition: number; readonly missingBefore?: number; readonly lost?: Checkpoint['lost'] };

type Comparison = {
  /** The committed offsets of the consumer group: the view should have everything before them. */
  readonly committedOffsets: ReadonlyMap<number, number>;
  readonly ranges: readonly PartitionRange[];
  readonly log: { readonly reader: LogReader; readonly topic: string } | undefined;
  /** The observation of the previous comparison; undefined at the first one. */
  readonly before: Observation | undefined;
};

export type Reconciliation = {
  readonly found: readonly Drift[];
  readonly observed: Observation | undefined;
  /** Records in the log whose headers may have hidden their place; they have to be applied. */
  readonly misplaced: readonly DeliveredRecord[];
  /** Why the log could not be read. */
  readonly failure?: unknown;
};

/**
 * Compares the checkpoints of one store with the committed offsets and the log, and updates what is missing, lost, or
 * no longer missing.
 */
export const reconcile = async (
  store: StateStore,
  held: readonly StoredDocument[],
  { committedOffsets, ranges, log, before }: Comparison,
): Promise<Reconciliation> => {
  const rangeOf = (partition: number) => ranges.find((range) => range.partition === partition);
  const markMissing = (one: StoredDocument): DocumentChange => {
    const { begin = 0, end = Number.MAX_SAFE_INTEGER } = rangeOf(one.partition) ?? {};
    // Committed offsets may be higher than the end of a topic that was deleted and created again: nothing after the end
    // is missing.
    const next = Math.max(Math.min(committedOffsets.get(one.partition) ?? 0, end), begin);
    return { ...one, after: markTruncated(markMissingInAll(one.document, next), begin) };
  };
  const changes = held.map(markMissing);
  const observed = decideQuery(changes, ranges, before, performance.now());
  let findings = noFindings;
  let failure: unknown;
  if (log && observed.isDue)
    try {
      findings = await queryLog(log, changes);
    } catch (error) {
      // The missing ranges are stored although the log cannot be read.
      failure = error;
    }
  const { misplaced } = findings;
  // Under load another writer changes the checkpoints while the log is read. Its content stays the same, so only the
  // store is read again.
  return retryOnConflict(async () => {
    const stored = await store.getMany(held.map(({ key }) => key));
    const checked = held.map((one) => {
      const value = stored.get(one.key);
      const document = asCheckpointDocument(value?.value) ?? one.document;
      return applyFindings(markMissing({ ...one, etag: value?.etag, document }), findings);
    });
    const upserts = checked.flatMap(({ key, etag, document, after }): Upsert[] =>
      after === document ? [] : [{ key, value: after, etag }],
    );
    if (upserts.length > 0) await store.transact(upserts);
    return { found: checked.flatMap(findDrift), observed, misplaced, failure };
  });
};

const findDrift = ({ partition, document, after }: DocumentChange): Drift[] => {
  const [before, current] = [document, after].map(({ generations }) => Object.values(generations));
  const lost = current?.find((checkpoint) => checkpoint.lost)?.lost;
  const gaps = current?.flatMap(({ missing }) => missing) ?? [];
  const isNew = subtract(union(gaps), union(before?.flatMap(({ missing }) => missing) ?? [])).length > 0;
  return [
    ...(isNew ? [{ partition, missingBefore: (gaps.at(-1)?.[1] ?? 0) + 1 }] : []),
    ...(lost && !before?.some((checkpoint) => checkpoint.lost) ? [{ partition, lost }] : []),
  ];
};

/** Marks a checkpoint as `log-truncated` when the log no longer holds something it lacks. */
const markTruncated = (document: CheckpointDocument, begin: number): CheckpointDocument =>
  updateCheckpoints(document, (checkpoint) =>
    checkpoint.lost === undefined && checkpoint.missing.some(([first]) => first < begin)
      ? { ...checkpoint, lost: 'log-truncated' }
      : checkpoint,
  );
