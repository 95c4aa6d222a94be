import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { type Generation, isSame } from '../generations/generation.ts';
import { changePointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { type Comparison, compare } from './compare.ts';
import { nameOf, partitionsOf, type RebuildContext, RebuildRefused } from './context.ts';
import type { Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import { type RebuildSession, refuseUnfinished } from './rebuild-session.ts';
import { completePointer, listDeadLetters, type Offsets, readCheckpointsOf } from './registry.ts';

/** Compares the new generation with its source and the live one. Over when it may answer, and all is ready for that. */
export const compareBeforeSwitch = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: RebuildSession,
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
  const { into, inPlace, ends } = ledger.rebuild();
  await verifyPositions(context, ledger.rebuild());
  const live = inPlace ? undefined : ledger.pointer().answering;
  const sides = { live, source, listUnknown: snapshot !== undefined };
  const comparison = await compare(context, into, { ...sides, signal: ledger.lost });
  const isRight = acceptDifferences || (await agrees(context, comparison, { live, source, ends }));
  if (isRight) {
    await listDeadLetters(context, into, comparison.unreadable, { partitions, permit: ledger.confirm });
    if (into.store !== undefined) await completePointer(context, into);
  }
  return { isDone: isRight, comparison };
};

const verifyPositions = async <Event, Document>(context: RebuildContext<Event, Document>, { into, ends }: Rebuild) => {
  const positions = await readCheckpointsOf(context, into, Object.keys(ends).map(Number));
  for (const [partition, position] of positions)
    if (!hasAll(position, ends[partition]))
      throw new RebuildRefused(
        `${nameOf(context, into)} has not all of partition ${partition}: ${JSON.stringify(position)}, the log had ` +
          `${ends[partition]} records. Give it up with --abandon and begin anew.`,
      );
};

/** The source decides; without one the live generation, unless it misses events and so is wrong by itself. */
const agrees = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  { differences, isOpen }: Comparison,
  { source, live, ends }: { source: Source | undefined; live: Generation | undefined; ends: Offsets },
): Promise<boolean> => {
  if (source) return !isOpen && differences.every((difference) => difference.source === difference.rebuilt);
  if ((differences.length === 0 && !isOpen) || !live) return true;
  const positions = await readCheckpointsOf(context, live, Object.keys(ends).map(Number));
  return [...positions].some(([partition, position]) => !hasAll(position, ends[partition]));
};

const hasAll = (position: Checkpoint | undefined, end = 0): boolean =>
  position !== undefined && position.missing.length === 0 && position.applied >= end - 1;

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
  const now = await readCheckpointsOf(context, answering, partitions);
  const unfit: string[] = [];
  for (const back of previous.toReversed()) {
    const then = await readCheckpointsOf(context, back, partitions).catch((error: Error) => error);
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

/** Lets the latest generation answer of those that did before and have been kept up to date. Answers which one. */
export const switchBack = async <Event, Document>(context: RebuildContext<Event, Document>): Promise<Generation> => {
  const { projection, stores } = context;
  const pointer = await readPointer(stores(), projection.name);
  refuseUnfinished(pointer);
  const { answering, previous } = pointer;
  if (previous.length === 0)
    throw new RebuildRefused(`There is nothing to switch back to: ${nameOf(context, answering)} is the only one.`);
  const { back, unfit } = await switchTarget(context, { answering, previous });
  if (!back) throw new RebuildRefused(`${unfit.join(', ')}: nothing before can answer. Retire it: --retire`);
  await changePointer(stores(), projection.name, (held) => {
    const others = held.previous.filter((one) => !isSame(one, back));
    if (!isSame(held.answering, answering) || others.length === held.previous.length || held.rebuild)
      throw new RebuildRefused('Another was here meanwhile.');
    return { ...held, answering: back, previous: [...others, answering] };
  });
  return back;
};
