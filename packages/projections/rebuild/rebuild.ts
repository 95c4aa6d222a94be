import { pause } from '../../runtime/pause.ts';
import type { Position } from '../checkpoints/position.ts';
import type { Generation } from '../generations/generation.ts';
import type { Pointer, Rebuild } from '../generations/pointer.ts';
import { type Comparison, compare } from './compare.ts';
import { nameOf, type RebuildContext } from './context.ts';
import { deleteGenerations } from './delete-generations.ts';
import type { Source } from './find-suspects.ts';
import { type Ledger, leaseReleased, openLedger } from './ledger.ts';
import {
  closeGaps,
  completePointer,
  list,
  listDeadLetters,
  type Offsets,
  positionsOf,
  preparePointer,
} from './listing.ts';
import { preflight, refuseLostEvents, untilFree, type Way } from './preflight.ts';
import { RebuildRefused } from './rebuild-refused.ts';
import { endsOf, replay } from './replay.ts';
import { loadSnapshot, type Snapshot } from './snapshot.ts';
import { switchTarget } from './switch-target.ts';

export type RebuildOptions<Event = never> = Omit<Way, 'isFromSnapshot'> & {
  /** What the generation is filled with first; without one all of it comes from the log. */
  readonly snapshot?: Snapshot<Event> | undefined;
  /** Whom to compare with before the switch. */
  readonly source?: Source | undefined;
  readonly acceptDifferences: boolean;
};

export type RebuildOutcome = Comparison & {
  readonly switched: boolean;
  readonly generation: Generation;
  /** What --switch-back would return to. */
  readonly back: Generation | undefined;
  /** Records that can never be applied. */
  readonly setAside: number;
};

/**
 * Fills a fresh generation from the log, or from a snapshot and what the log got since, has the writers keep it up to
 * date, compares it, and lets it answer. Killed at any moment, it continues where it was when it is run again.
 */
export const rebuild = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  options: RebuildOptions<Event>,
): Promise<RebuildOutcome> => {
  const { projection, stores, now, holder, say } = context;
  const { snapshot } = options;
  const free = await untilFree(context);
  const way = { ...options, isFromSnapshot: snapshot !== undefined };
  const { pointer, into, ranges, unfinished } = await preflight(context, way);
  if (!snapshot && !options.source && !options.acceptDifferences)
    await refuseLostEvents(context, pointer.answering, ranges);
  const fresh = {
    into,
    inPlace: options.inPlace,
    phase: 'replaying',
    startedAt: now(),
    // Noted before the snapshot is read: what it does not show yet comes later than this.
    next: snapshot ? endsOf(ranges) : {},
    ends: {},
    setAside: 0,
    ...(snapshot && { snapshot: { isComplete: false } }),
  } as const;
  if (unfinished) say(`Going on with ${nameOf(context, into)}, ${progressOf(unfinished)}.`);
  const taken: Rebuild = { ...(unfinished ?? fresh), holder, leaseUntil: leaseReleased };
  const lastNumber = Math.max(pointer.lastNumber, into.number);
  const ledger = await openLedger(
    stores(),
    projection.name,
    { ...pointer, lastNumber, rebuild: taken },
    // As it was observed: an owner that renews its lease again, or another that took it, must not be overwritten.
    { held: free },
  );
  try {
    const partitions = ranges.map(({ partition }) => partition);
    if (ledger.rebuild().phase === 'replaying') await join(context, ledger, { partitions, snapshot });
    if (ledger.rebuild().phase === 'joined') await catchUp(context, ledger, snapshot);
    await verifyPositions(context, ledger.rebuild());
    const live = options.inPlace ? undefined : pointer.answering;
    const measures = { live, source: options.source, listUnknown: snapshot !== undefined };
    const found = await compare(context, into, { ...measures, signal: ledger.lost });
    const { setAside } = ledger.rebuild();
    const isRight =
      options.acceptDifferences ||
      (await agrees(context, found, { live, source: options.source, ends: ledger.rebuild().ends }));
    if (isRight) {
      await listDeadLetters(context, into, found.unreadable, { partitions, permit: ledger.confirm });
      await letAnswer(context, ledger);
    }
    const { back } = isRight ? await switchTarget(context, ledger.pointer()) : {};
    return { ...found, switched: isRight, generation: into, back, setAside };
  } finally {
    await ledger.close();
  }
};

/** Up to here the live writers know nothing of it; from here on they keep it up to date as well. */
const join = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: Ledger,
  { partitions, snapshot }: { partitions: readonly number[]; snapshot: Snapshot<Event> | undefined },
) => {
  const { projection, log, say } = context;
  const { into, inPlace } = ledger.rebuild();
  if (inPlace) await hide(context, ledger);
  else {
    if (snapshot) await loadSnapshot(context, ledger, snapshot);
    await replay(context, ledger, endsOf(await log.offsets(projection.topic.name)));
  }
  const { answering, previous } = ledger.pointer();
  // Of what another store has, that goes on which may answer here; the rest is from a time when it was a home.
  const there = [...previous, answering].filter(({ store }) => store === into.store).map(({ number }) => number);
  const only = inPlace ? [] : into.store === undefined ? undefined : there;
  if (into.store !== undefined) await preparePointer(context, into, { partitions, isInUse: there.length > 0 });
  await list(context, into, { next: ledger.rebuild().next, partitions, only, permit: ledger.confirm });
  if (inPlace) await deleteGenerations(context, [answering], { snapshot, signal: ledger.lost });
  // What comes later than this is delivered later than the list was written, to writers that have read it since.
  const ends = endsOf(await log.offsets(projection.topic.name));
  await ledger.change((held) => ({ ...held, rebuild: { ...(held.rebuild as Rebuild), phase: 'joined', ends } }));
  say('From now on every change is written into it as well.');
};

const catchUp = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: Ledger,
  snapshot: Snapshot<Event> | undefined,
) => {
  const { into, ends } = ledger.rebuild();
  if (snapshot) await loadSnapshot(context, ledger, snapshot);
  await replay(context, ledger, ends);
  await closeGaps(context, into, { next: ends, permit: ledger.confirm });
  await ledger.change((held) => ({ ...held, rebuild: { ...(held.rebuild as Rebuild), phase: 'filled' } }));
};

/** Nobody answers from the old generation any more, not even a reader that slept. */
const hide = async <Event, Document>({ say, readersHoldMs }: RebuildContext<Event, Document>, ledger: Ledger) => {
  await ledger.change((held) => ({ ...held, unready: true }));
  say('The view answers 503 until it is filled again.');
  await pause(readersHoldMs, ledger.lost);
};

const verifyPositions = async <Event, Document>(context: RebuildContext<Event, Document>, { into, ends }: Rebuild) => {
  const positions = await positionsOf(context, into, Object.keys(ends).map(Number));
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
  const positions = await positionsOf(context, live, Object.keys(ends).map(Number));
  return [...positions].some(([partition, position]) => !hasAll(position, ends[partition]));
};

const hasAll = (position: Position | undefined, end = 0): boolean =>
  position !== undefined && position.missing.length === 0 && position.applied >= end - 1;

const letAnswer = async <Event, Document>(context: RebuildContext<Event, Document>, ledger: Ledger) => {
  const { into, inPlace } = ledger.rebuild();
  if (into.store !== undefined) await completePointer(context, into);
  await ledger.change(({ answering, previous, rebuild: _, unready: __, ...held }): Pointer => {
    return { ...held, answering: into, previous: inPlace ? [] : [...previous, answering] };
  });
};

const progressOf = ({ phase, next, ends, snapshot }: Rebuild) => {
  if (snapshot && !snapshot.isComplete) return `which has the snapshot up to ${snapshot.after ?? 'its beginning'}`;
  const done = Object.values(next).reduce((sum, offset) => sum + offset, 0);
  const all = Object.values(ends).reduce((sum, offset) => sum + offset, 0);
  return phase === 'filled' ? 'which is filled' : `which has ${done} of ${all} events`;
};
