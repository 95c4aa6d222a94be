import type { Generation } from '../generations/generation.ts';
import { type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { findOtherTopic } from '../generations/read-checkpoints.ts';
import type { PartitionRange } from '../log-reader.ts';
import { describeGeneration, type RebuildContext, RebuildRefused } from './context.ts';
import { describeLostRecords } from './fill.ts';
import { phases } from './phases.ts';
import { readGenerationCheckpoints } from './registry.ts';
import { describeNextCommands, describeRebuild, describeRestart } from './remedies.ts';

export type RebuildMode = {
  /** Whether to delete the old generation first, for a store without room for two. */
  readonly inPlace: boolean;
  /** The store to fill, if it is not the primary store. */
  readonly into?: string | undefined;
  /** Whether the rebuild begins with a snapshot, so that it needs only the records of the log after the snapshot. */
  readonly isFromSnapshot?: boolean;
  /**
   * Finds a remedy for a log that no longer reaches back to its beginning; undefined when there is none. It is called
   * only for such a log.
   */
  readonly shortLogRemedy?: (() => Promise<string | undefined>) | undefined;
};

export type Findings = {
  readonly pointer: Pointer;
  /** In the order of the partitions. */
  readonly ranges: readonly PartitionRange[];
  /** The generation to fill. */
  readonly into: Generation;
  readonly unfinished?: Rebuild;
};

/**
 * Checks whether a rebuild can begin or continue, and changes nothing.
 * @throws RebuildRefused with a message that says why not
 */
export const preflight = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  mode: RebuildMode,
): Promise<Findings> => {
  const { projection, log, stores, primaryStore } = context;
  const into = mode.into === primaryStore ? undefined : mode.into;
  const ranges = await log.offsets(projection.topic.name);
  await stores().check();
  if (into !== undefined) await stores(into).check();
  const pointer = await readPointer(stores(), projection.name);
  const refusal = await findRefusal({ mode, into, pointer, ranges, primaryStore, topic: projection.topic.name });
  if (refusal !== undefined) throw new RebuildRefused(refusal);
  const unfinished = pointer.rebuild;
  if (unfinished) return { pointer, ranges, into: unfinished.into, unfinished };
  const target = into === undefined ? pointer : await readPointer(stores(into), projection.name);
  const number = Math.max(pointer.lastNumber, target.lastNumber) + 1;
  return { pointer, ranges, into: { number, ...(into !== undefined && { store: into }) } };
};

/** The facts that decide whether a rebuild can begin or continue. */
export type Facts = Pick<Findings, 'pointer' | 'ranges'> & {
  readonly mode: RebuildMode;
  /** The store to fill; undefined for the primary store. */
  readonly into: string | undefined;
  /** The name of the primary store. */
  readonly primaryStore: string;
  readonly topic: string;
};

/** Returns the reason to refuse a rebuild; false or undefined when the row does not apply. */
type Refuse = (facts: Facts) => string | false | undefined | Promise<string | undefined>;

/** The first row that applies refuses the rebuild. */
export const refusals = {
  'it was given up and is removed in part': ({ pointer: { rebuild }, primaryStore }) =>
    rebuild &&
    phases[rebuild.phase].continuedBy === 'abandon' &&
    `${describeGeneration({ primaryStore }, rebuild.into)} was given up and is removed in part. Finish the removal: npm run rebuild -- --abandon`,

  'another is unfinished': ({ pointer: { rebuild }, into, mode }) =>
    rebuild &&
    !(
      rebuild.inPlace === mode.inPlace &&
      rebuild.into.store === into &&
      (rebuild.snapshot !== undefined) === (mode.isFromSnapshot ?? false)
    ) &&
    `A rebuild ${describeRebuild(rebuild)} is unfinished. ${describeNextCommands(rebuild)}`,

  'the log does not reach back to its beginning': async ({ pointer: { rebuild }, mode, ranges, topic }) => {
    const short = ranges.find(({ begin }) => begin > 0);
    if (mode.isFromSnapshot || !short) return undefined;
    const reason =
      `Partition ${short.partition} of ${topic} begins at offset ${short.begin}: the log no longer reaches back to its ` +
      'beginning, so no view can be built from it alone.';
    if (rebuild?.inPlace) return `${reason} ${describeRestart(rebuild)}`;
    const remedy = await mode.shortLogRemedy?.();
    const first = rebuild ? ' Give up the unfinished rebuild: npm run rebuild -- --abandon.' : '';
    return remedy ? `${reason}${first} ${remedy}` : reason;
  },

  'the log lost records after the snapshot': ({ pointer: { rebuild }, ranges, topic }) =>
    rebuild?.snapshot && rebuild.phase !== 'filled' ? describeLostRecords(topic, ranges, rebuild) : undefined,

  'an old generation is being removed from the store': ({ pointer: { rebuild, retired = [] }, into, primaryStore }) => {
    const inStore = retired.filter(({ store }) => store === into);
    if (rebuild || inStore.length === 0) return undefined;
    return `${describeGenerations({ primaryStore }, inStore)} is being removed. Wait for that, or finish it: npm run rebuild -- --retire`;
  },

  'in place excludes another store': ({ pointer: { rebuild }, mode, into }) =>
    !rebuild &&
    mode.inPlace &&
    into !== undefined &&
    '--in-place rebuilds the view in its present store: leave --into out.',

  'in place the active generation has to be in the primary store': ({
    pointer: { rebuild, answering },
    mode,
    primaryStore,
  }) =>
    !rebuild &&
    mode.inPlace &&
    answering.store !== undefined &&
    `The active generation is ${describeGeneration({ primaryStore }, answering)}, not in ${primaryStore}: set STATESTORE_NAME=${answering.store}.`,

  'in place no older generation may exist': ({ pointer: { rebuild, previous, retired = [] }, mode, primaryStore }) => {
    const old = [...previous, ...retired];
    if (rebuild || !mode.inPlace || old.length === 0) return undefined;
    return `There still is ${describeGenerations({ primaryStore }, old)}. Retire old generations first: npm run rebuild -- --retire`;
  },
} satisfies Record<string, Refuse>;

/** Returns the message of the first row that applies; undefined when a rebuild can begin or continue. */
export const findRefusal = async (facts: Facts): Promise<string | undefined> => {
  for (const refuse of Object.values<Refuse>(refusals)) {
    const refusal = await refuse(facts);
    if (refusal) return refusal;
  }
  return undefined;
};

const describeGenerations = (context: { primaryStore: string }, generations: readonly Generation[]) =>
  generations.map((one) => describeGeneration(context, one)).join(' and ');

/**
 * Refuses a rebuild in place of a view that another topic filled: nothing would be left to compare the log with, and a topic without
 * the present state of each key would make a view that is out of date.
 * @throws RebuildRefused with what to do instead
 */
export const refuseOtherTopicInPlace = async <Event, Document>(
  { stores, projection, primaryStore }: RebuildContext<Event, Document>,
  live: Generation,
  ranges: readonly PartitionRange[],
): Promise<void> => {
  const partitions = ranges.map(({ partition }) => partition);
  const otherTopic = await findOtherTopic(stores(live.store), projection, live.number, partitions);
  if (otherTopic !== undefined)
    throw new RebuildRefused(
      `${describeGeneration({ primaryStore }, live)} was filled from ${otherTopic}, so a rebuild in place could not be compared with ` +
        'anything. Leave out --in-place, or let it compare with the source.',
    );
};

/**
 * Refuses a rebuild from a log that has lost events. Only the live view has those events, and the comparison before the
 * switch would not find them, because it reads its keys from the log.
 * @throws RebuildRefused with the partition and the command to run
 */
export const refuseLostEvents = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  live: Generation,
  ranges: readonly PartitionRange[],
): Promise<void> => {
  const partitions = ranges.map(({ partition }) => partition);
  for (const [partition, checkpoint] of await readGenerationCheckpoints(context, live, partitions))
    if (checkpoint?.lost)
      throw new RebuildRefused(
        `The log no longer holds all events that ${describeGeneration(context, live)} was filled from (partition ${partition}: ${checkpoint.lost}), so ` +
          `it cannot be rebuilt from the log alone: ${context.lostLogRemedy ?? 'run npm run rebuild -- --from-crm'}.`,
      );
};
