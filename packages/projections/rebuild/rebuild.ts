import type { Generation } from '../generations/generation.ts';
import type { Rebuild } from '../generations/pointer.ts';
import type { Comparison } from './compare.ts';
import { endsOf, nameOf, partitionsOf, type RebuildContext, RebuildRefused } from './context.ts';
import type { Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import { phases, walkPhases } from './phases.ts';
import { preflight, type RebuildMode, refuseLostEvents } from './preflight.ts';
import { leaseReleased, openRebuildSession, untilFree } from './rebuild-session.ts';
import { switchTarget } from './switch.ts';

export type RebuildOptions<Event = never> = Omit<RebuildMode, 'isFromSnapshot'> & {
  /** What the generation is filled with first; without one all of it comes from the log. */
  readonly snapshot?: Snapshot<Event> | undefined;
  /** What to compare with before the switch. */
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
 * date, compares it, and lets it answer. Killed at any moment, it continues where it was when it is run again: see the
 * table in phases.ts.
 */
export const rebuild = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  options: RebuildOptions<Event>,
): Promise<RebuildOutcome> => {
  const { projection, stores, now, holder, say } = context;
  const { snapshot, source, acceptDifferences } = options;
  const free = await untilFree(context);
  const mode = { ...options, isFromSnapshot: snapshot !== undefined };
  const { pointer, into, ranges, unfinished } = await preflight(context, mode);
  if (!snapshot && !source && !acceptDifferences) await refuseLostEvents(context, pointer.answering, ranges);
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
  if (unfinished) say(`Going on with ${nameOf(context, into)}, ${phases[unfinished.phase].progress(unfinished)}.`);
  const taken: Rebuild = { ...(unfinished ?? fresh), holder, leaseUntil: leaseReleased };
  const lastNumber = Math.max(pointer.lastNumber, into.number);
  const ledger = await openRebuildSession(
    stores(),
    projection.name,
    { ...pointer, lastNumber, rebuild: taken },
    // As it was observed: an owner that renews its lease again, or another that took it, must not be overwritten.
    { held: free },
  );
  try {
    const partitions = ranges.map(({ partition }) => partition);
    const run = { context, ledger, partitions, snapshot, source, acceptDifferences };
    const { comparison, setAside } = await walkPhases(run);
    const switched = ledger.pointer().rebuild === undefined;
    const { back } = switched ? await switchTarget(context, ledger.pointer()) : {};
    return { ...comparison, switched, generation: into, back, setAside };
  } finally {
    await ledger.close();
  }
};

/**
 * Gives up an unfinished rebuild and removes what it has written; `snapshot` names the keys that the log has forgotten.
 * Answers which generation.
 */
export const abandon = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  snapshot?: Snapshot<Event>,
): Promise<Generation> => {
  const { projection, stores, holder } = context;
  const pointer = await untilFree(context);
  const { rebuild } = pointer;
  if (!rebuild) throw new RebuildRefused('There is no unfinished rebuild.');
  if (rebuild.inPlace)
    throw new RebuildRefused('The old view is gone already: finish it, with npm run rebuild -- --in-place.');
  const taken: Rebuild = { ...rebuild, phase: 'abandoned', holder, leaseUntil: leaseReleased };
  const ledger = await openRebuildSession(stores(), projection.name, { ...pointer, rebuild: taken }, { held: pointer });
  try {
    await walkPhases({ context, ledger, partitions: await partitionsOf(context), snapshot });
    return rebuild.into;
  } finally {
    await ledger.close();
  }
};
