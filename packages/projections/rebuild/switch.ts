import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { type Generation, isSameGeneration } from '../generations/generation.ts';
import { changePointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { findOtherTopic } from '../generations/read-checkpoints.ts';
import { type Comparison, compare } from './compare.ts';
import { describeGeneration, type RebuildContext, RebuildRefused, readPartitions } from './context.ts';
import type { Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import { type RebuildSession, throwIfUnfinished } from './rebuild-session.ts';
import { completePointer, type Offsets, readGenerationCheckpoints, registerDeadLetters } from './registry.ts';
import { describeRestart } from './remedies.ts';

/**
 * Compares the new generation with its source and the live view. When it is correct, prepares everything for the switch.
 */
export const compareBeforeSwitch = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  session: RebuildSession,
  {
    partitions,
    snapshot,
    source,
    acceptDifferences = false,
  }: {
    readonly partitions: readonly number[];
    readonly snapshot?: Snapshot<Event> | undefined;
    readonly source?: Source | undefined;
    readonly acceptDifferences?: boolean;
  },
): Promise<{ readonly isDone: boolean; readonly comparison: Comparison }> => {
  const { into, inPlace, ends } = session.rebuild();
  await verifyCheckpoints(context, session.rebuild());
  const live = inPlace ? undefined : session.pointer().answering;
  const targets = { live, source, listUnknown: snapshot !== undefined };
  const comparison = await compare(context, into, { ...targets, signal: session.ownershipLost });
  const isAccepted = acceptDifferences || (await isCorrect(context, comparison, { live, source, ends }));
  if (isAccepted) {
    await registerDeadLetters(context, into, comparison.unreadable, {
      partitions,
      checkOwnership: session.checkOwnership,
    });
    if (into.store !== undefined) await completePointer(context, into);
  }
  return { isDone: isAccepted, comparison };
};

const verifyCheckpoints = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  { into, ends, inPlace }: Rebuild,
) => {
  const checkpoints = await readGenerationCheckpoints(context, into, Object.keys(ends).map(Number));
  for (const [partition, checkpoint] of checkpoints)
    if (!isComplete(checkpoint, ends[partition]))
      throw new RebuildRefused(
        `${describeGeneration(context, into)} lacks records of partition ${partition}: ${JSON.stringify(checkpoint)}, the log had ` +
          `${ends[partition]} records. ${describeRestart({ inPlace })}`,
      );
};

/**
 * The source decides whether the generation is correct. Without a source the live view decides, unless it lacks events
 * and so is wrong itself.
 */
const isCorrect = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  { differences, isUndecided }: Comparison,
  { source, live, ends }: { source: Source | undefined; live: Generation | undefined; ends: Offsets },
): Promise<boolean> => {
  if (source) return !isUndecided && differences.every((difference) => difference.source === difference.rebuilt);
  if ((differences.length === 0 && !isUndecided) || !live) return true;
  const partitions = Object.keys(ends).map(Number);
  // What another topic filled may be newer than this topic, until the present state of each key was published to it.
  if (await findOtherTopic(context.stores(live.store), context.projection, live.number, partitions)) return false;
  const checkpoints = await readGenerationCheckpoints(context, live, partitions);
  return [...checkpoints].some(([partition, checkpoint]) => !isComplete(checkpoint, ends[partition]));
};

const isComplete = (checkpoint: Checkpoint | undefined, end = 0): boolean =>
  checkpoint !== undefined && checkpoint.missing.length === 0 && checkpoint.applied >= end - 1;

type SwitchBackTarget = {
  readonly target: Generation | undefined;
  /** For each generation after the target, why the view cannot switch back to it. */
  readonly unfitReasons: readonly string[];
};

/** Finds the latest earlier generation that has every event of the active one. */
export const findSwitchBackTarget = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  { answering, previous }: { answering: Generation; previous: readonly Generation[] },
): Promise<SwitchBackTarget> => {
  const partitions = await readPartitions(context);
  // Reads the active generation first: in the other order a generation that is up to date would seem to be behind.
  const active = await readGenerationCheckpoints(context, answering, partitions);
  const unfitReasons: string[] = [];
  for (const back of previous.toReversed()) {
    const earlier = await readGenerationCheckpoints(context, back, partitions).catch((error: Error) => error);
    if (earlier instanceof Error) {
      unfitReasons.push(`${describeGeneration(context, back)} cannot be read (${earlier.message})`);
      continue;
    }
    const otherTopic = await findOtherTopic(context.stores(back.store), context.projection, back.number, partitions);
    if (otherTopic !== undefined) {
      unfitReasons.push(`${describeGeneration(context, back)} was filled from ${otherTopic}`);
      continue;
    }
    const behind = partitions.find((partition) => {
      const other = earlier.get(partition);
      return !other || other.missing.length > 0 || other.applied < (active.get(partition)?.applied ?? -1);
    });
    if (behind === undefined) return { target: back, unfitReasons };
    const why = earlier.get(behind) ? `misses events of partition ${behind}` : 'is no longer kept up to date';
    unfitReasons.push(`${describeGeneration(context, back)} ${why}`);
  }
  return { target: undefined, unfitReasons };
};

/**
 * Switches back to the latest earlier generation that is up to date, and returns it.
 * @throws RebuildRefused when there is none
 */
export const switchBack = async <Event, Document>(context: RebuildContext<Event, Document>): Promise<Generation> => {
  const { projection, stores } = context;
  const pointer = await readPointer(stores(), projection.name);
  throwIfUnfinished(pointer);
  const { answering, previous } = pointer;
  if (previous.length === 0)
    throw new RebuildRefused(
      `There is nothing to switch back to: ${describeGeneration(context, answering)} is the only one.`,
    );
  const { target: back, unfitReasons } = await findSwitchBackTarget(context, { answering, previous });
  if (!back)
    throw new RebuildRefused(
      `${unfitReasons.join(', ')}: no earlier generation can answer. Delete them with npm run rebuild -- --retire`,
    );
  await changePointer(stores(), projection.name, (held) => {
    const others = held.previous.filter((one) => !isSameGeneration(one, back));
    if (!isSameGeneration(held.answering, answering) || others.length === held.previous.length || held.rebuild)
      throw new RebuildRefused('Another process has changed the pointer meanwhile. Run the command again.');
    return { ...held, answering: back, previous: [...others, answering] };
  });
  return back;
};
