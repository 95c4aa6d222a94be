import type { Generation } from '../generations/generation.ts';
import type { Rebuild } from '../generations/pointer.ts';
import type { Comparison } from './compare.ts';
import { describeGeneration, endOffsetsOf, type RebuildContext, RebuildRefused, readPartitions } from './context.ts';
import type { Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import { phases, runPhases } from './phases.ts';
import { preflight, type RebuildMode, refuseLostEvents, refuseOtherTopicInPlace } from './preflight.ts';
import { leaseReleased, openRebuildSession, waitForLease } from './rebuild-session.ts';
import { describeNextCommands, describeRebuild } from './remedies.ts';
import { findSwitchBackTarget } from './switch.ts';

export type RebuildOptions<Event = never> = Omit<RebuildMode, 'isFromSnapshot'> & {
  /** The snapshot that fills the generation before the log is replayed. Default: the log alone fills it. */
  readonly snapshot?: Snapshot<Event> | undefined;
  /** The source that the generation is compared with before the switch. Default: the live view. */
  readonly source?: Source | undefined;
  readonly acceptDifferences: boolean;
};

export type RebuildOutcome = Comparison & {
  readonly switched: boolean;
  readonly generation: Generation;
  /** The generation that --switch-back would return to. */
  readonly switchBackTo: Generation | undefined;
  /** Number of poison records that the replay found. */
  readonly setAside: number;
};

/**
 * Rebuilds a view: fills a fresh generation from the log, or from a snapshot and the log since, registers it with the
 * writers, compares it, and makes it the active one. Killed at any time, it continues when it is run again: see the
 * table in phases.ts.
 * @throws RebuildRefused when it cannot begin or continue
 */
export const rebuild = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  options: RebuildOptions<Event>,
): Promise<RebuildOutcome> => {
  const { projection, stores, now, holder, report } = context;
  const { snapshot, source, acceptDifferences } = options;
  const observed = await waitForLease(context);
  const mode = { ...options, isFromSnapshot: snapshot !== undefined };
  const { pointer, into, ranges, unfinished } = await preflight(context, mode);
  if (!snapshot && !source && !acceptDifferences) await refuseLostEvents(context, pointer.answering, ranges);
  if (!snapshot && !source && options.inPlace && !unfinished)
    await refuseOtherTopicInPlace(context, pointer.answering, ranges);
  const newRebuild = {
    into,
    inPlace: options.inPlace,
    phase: 'replaying',
    startedAt: now(),
    // Taken before the snapshot is read: changes that the snapshot does not show come later in the log.
    next: snapshot ? endOffsetsOf(ranges) : {},
    ends: {},
    setAside: 0,
    ...(snapshot && { snapshot: { isComplete: false } }),
  } as const;
  if (unfinished)
    report(`Continuing with ${describeGeneration(context, into)}, ${phases[unfinished.phase].progress(unfinished)}.`);
  const taken: Rebuild = { ...(unfinished ?? newRebuild), holder, leaseUntil: leaseReleased };
  const lastNumber = Math.max(pointer.lastNumber, into.number);
  const session = await openRebuildSession(
    stores(),
    projection.name,
    { ...pointer, lastNumber, rebuild: taken },
    // Expects the pointer as it was observed, so that a holder that renews its lease again, or another that took it, is
    // not overwritten.
    { expected: observed },
  );
  try {
    const partitions = ranges.map(({ partition }) => partition);
    const run = { context, session, partitions, snapshot, source, acceptDifferences };
    const { comparison, setAside } = await runPhases(run);
    const switched = session.pointer().rebuild === undefined;
    const { target } = switched ? await findSwitchBackTarget(context, session.pointer()) : {};
    return { ...comparison, switched, generation: into, switchBackTo: target, setAside };
  } finally {
    await session.close();
  }
};

/**
 * Gives up an unfinished rebuild, deletes its generation and returns that generation. `snapshot` supplies the keys that
 * the log no longer holds.
 * @throws RebuildRefused when there is none, or when it is in place
 */
export const abandon = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  snapshot?: Snapshot<Event>,
): Promise<Generation> => {
  const { projection, stores, holder } = context;
  const pointer = await waitForLease(context);
  const { rebuild } = pointer;
  if (!rebuild) throw new RebuildRefused('There is no unfinished rebuild.');
  if (rebuild.inPlace)
    throw new RebuildRefused(`A rebuild ${describeRebuild(rebuild)} is unfinished. ${describeNextCommands(rebuild)}`);
  const taken: Rebuild = { ...rebuild, phase: 'abandoned', holder, leaseUntil: leaseReleased };
  const session = await openRebuildSession(
    stores(),
    projection.name,
    { ...pointer, rebuild: taken },
    { expected: pointer },
  );
  try {
    await runPhases({ context, session, partitions: await readPartitions(context), snapshot });
    return rebuild.into;
  } finally {
    await session.close();
  }
};
