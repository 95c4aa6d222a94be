import { DomainError } from '../runtime/domain-error.ts';
import type { Checkpoint } from './checkpoints/checkpoint.ts';
import type { CheckpointDocument } from './generations/checkpoint-document.ts';
import type { Generation } from './generations/generation.ts';
import type { Pointer, Rebuild } from './generations/pointer.ts';

/**
 * `empty`: the active generation has seen no event of the topic. `incomplete`: it lacks events that the topic had, so
 * it may show outdated documents or lack some, and the view refuses to answer. `rebuilding`: it is being filled, and
 * refuses as well.
 */
export type Completeness = {
  readonly state: 'empty' | 'complete' | 'incomplete' | 'rebuilding';
  /** The active generation, from which the view answers. */
  readonly generation: Generation;
  /** The checkpoint of the active generation in each partition. */
  readonly partitions: Record<number, Checkpoint>;
  /**
   * The number of documents that are marked by dead letters; only these refuse to answer. The count is limited by
   * `maxOpenDeadLetters` per partition.
   */
  readonly deadLetters?: number;
  /** Earlier generations that are kept up to date, so the view can be switched back to them. */
  readonly previous?: readonly Generation[];
  readonly rebuild?: Rebuild;
  /** Another topic that filled the active generation, so that the view refuses until it is rebuilt from its own topic. */
  readonly filledFrom?: string;
};

/**
 * Determines the state of a view. `documents` are the checkpoint documents of all partitions, in order, in the store of
 * the active generation; `inPrimaryStore` are those of the primary store, which list the stores that the writers
 * have to write. `otherDocuments` are those of other topics of the view, in the store of the active generation.
 */
export const assessCompleteness = (
  { answering, unready, previous, rebuild }: Pointer,
  documents: readonly (CheckpointDocument | undefined)[],
  inPrimaryStore: readonly (CheckpointDocument | undefined)[],
  otherDocuments: ReadonlyMap<string, readonly (CheckpointDocument | undefined)[]> = new Map(),
): Completeness => {
  const { store } = answering;
  const read = documents.flatMap((document, partition) => {
    const checkpoint = document?.generations[answering.number];
    return checkpoint && (checkpoint.applied >= 0 || checkpoint.lost) ? [[partition, checkpoint] as const] : [];
  });
  // The writers do not update a generation that is not registered in the checkpoint document.
  const isUnregistered =
    documents.some((document) => document && !document.generations[answering.number]) ||
    (store !== undefined && inPrimaryStore.some((document) => document && !document.also?.includes(store)));
  const gaps = isUnregistered || read.some(([, { missing, lost }]) => missing.length > 0 || lost !== undefined);
  const [filledFrom] = [...otherDocuments].find(([, held]) =>
    held.some((document) => document?.generations[answering.number]),
  ) ?? [undefined];
  // A rebuild registers its generation in every partition, including those without an event.
  const isRebuilt = answering.number > 1 && documents.some((document) => document?.generations[answering.number]);
  const state =
    gaps || filledFrom !== undefined ? 'incomplete' : read.length === 0 && !isRebuilt ? 'empty' : 'complete';
  const marked = new Set(read.flatMap(([, { deadLetters = [] }]) => deadLetters.map(([, key]) => key)));
  // `moreDeadLetters` means at least one more than the list holds.
  const deadLetters = marked.size + (read.some(([, { moreDeadLetters }]) => moreDeadLetters) ? 1 : 0);
  return {
    state: unready ? 'rebuilding' : state,
    generation: answering,
    partitions: Object.fromEntries(read),
    ...(deadLetters > 0 && { deadLetters }),
    ...(previous.length > 0 && { previous }),
    ...(rebuild && { rebuild }),
    ...(filledFrom !== undefined && { filledFrom }),
  };
};

const reasons = {
  missing: 'Events are missing from this view: what it shows may be out of date.',
  'log-truncated': 'Retention deleted records before this view had read them: what it shows may be out of date.',
  'log-replaced':
    'The topic was deleted and created again, or lost its latest records: what this view shows may be out of date.',
} as const;

/** Returns the error with which a view has to refuse reads; undefined when it may answer. */
export const findRefusal = (
  { state, partitions, rebuild, filledFrom }: Completeness,
  viewOption: string | undefined,
): DomainError | undefined => {
  if (state === 'rebuilding')
    return new DomainError(
      'view-rebuilding',
      'This view is being rebuilt from the log; it answers when the rebuild is complete.',
      { remedy: '/status shows the progress' },
    );
  if (state !== 'incomplete') return undefined;
  if (filledFrom !== undefined)
    return new DomainError(
      'view-incomplete',
      `This view was filled from ${filledFrom}, which the service does not follow: what it shows may be out of date.`,
      { remedy: rebuild ? runningRebuild : `${formatRebuild(viewOption)} fills it from its topic` },
    );
  const lost = Object.values(partitions).find((checkpoint) => checkpoint.lost)?.lost;
  return new DomainError('view-incomplete', reasons[lost ?? 'missing'], {
    remedy: rebuild ? runningRebuild : describeRepair(lost !== undefined, viewOption),
  });
};

/** A rebuild from the log cannot restore events that the log has lost; only the default view has a source. */
const describeRepair = (isLogLost: boolean, viewOption: string | undefined): string =>
  isLogLost && viewOption !== undefined
    ? 'restore a backup of the log and the views; otherwise the source must publish again what the log has lost'
    : `${formatRebuild(viewOption, isLogLost ? '--from-crm' : undefined)} repairs it; /status shows what is missing`;

const runningRebuild = 'a rebuild is running: /status shows its progress';

/** Returns the error with which an empty view refuses lists when its consumer group has read `lost` events without it. */
export const findLoss = (
  { state }: Completeness,
  lost: number,
  viewOption: string | undefined,
): DomainError | undefined =>
  state === 'empty' && lost > 0
    ? new DomainError(
        'view-incomplete',
        `This store was never filled, and the consumer group has read ${lost} events already.`,
        { remedy: `${formatRebuild(viewOption)} fills it; or use a new consumer group` },
      )
    : undefined;

/** The command that rebuilds the view. `defaultOption` is an option of the view that commands select by default. */
export const formatRebuild = (viewOption: string | undefined, defaultOption?: string): string => {
  const option = viewOption ?? defaultOption;
  return option === undefined ? 'npm run rebuild' : `npm run rebuild -- ${option}`;
};
