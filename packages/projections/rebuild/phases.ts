import { sleep } from '../../runtime/sleep.ts';
import type { Pointer, Rebuild } from '../generations/pointer.ts';
import { type Comparison, notCompared } from './compare.ts';
import { endOffsetsOf, type RebuildContext } from './context.ts';
import { loadSnapshot, replay, type Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import type { RebuildSession } from './rebuild-session.ts';
import { closeGaps, type Offsets, preparePointer, register } from './registry.ts';
import { deleteGenerations, removeAbandoned } from './remove.ts';
import { compareBeforeSwitch } from './switch.ts';

/** A process that works on the rebuild of the session. */
export type Run<Event, Document> = {
  readonly context: RebuildContext<Event, Document>;
  readonly session: RebuildSession;
  readonly partitions: readonly number[];
  readonly snapshot?: Snapshot<Event> | undefined;
  readonly source?: Source | undefined;
  readonly acceptDifferences?: boolean;
};

/** `isDone`: the phase is complete. */
type Result = { readonly isDone: boolean; readonly comparison?: Comparison };

type Phase = {
  /** The work of this phase. It is idempotent: a run after a crash may repeat parts of it. */
  readonly work: <Event, Document>(run: Run<Event, Document>) => Promise<Result>;
  /** The pointer once the work is done: in the next phase, or without a rebuild. */
  readonly record: (held: Pointer & { readonly rebuild: Rebuild }) => Pointer;
  /** The command that continues a rebuild in this phase. `abandon` accepts every phase; `rebuild` refuses `abandoned`. */
  readonly continuedBy: 'rebuild' | 'abandon';
  /** Describes the progress of a rebuild that was found in this phase. */
  readonly progress: (found: Rebuild) => string;
};

const describeProgress = ({ next, ends, snapshot }: Rebuild) => {
  if (snapshot && !snapshot.isComplete)
    return `which has loaded the snapshot up to ${snapshot.after ?? 'its beginning'}`;
  const sum = (offsets: Offsets) => Object.values(offsets).reduce((total, offset) => total + offset, 0);
  return `which has replayed ${sum(next)} of ${sum(ends)} events`;
};

const done = () => ({ isDone: true });

const enterPhase =
  (phase: Rebuild['phase']): Phase['record'] =>
  (held) => ({ ...held, rebuild: { ...held.rebuild, phase } });

/**
 * The phases of a rebuild. A phase begins once it is stored in the pointer, so a run after a crash continues with it.
 */
export const phases: Record<Rebuild['phase'], Phase> = {
  /** The live writers do not know the new generation yet: it is filled from the log, and then registered with them. */
  replaying: {
    work: (run) => fillAndRegister(run).then(done),
    record: enterPhase('joined'),
    continuedBy: 'rebuild',
    progress: describeProgress,
  },
  /** The live writers keep it up to date. It still lacks the records that they wrote before they saw the registration. */
  joined: {
    work: (run) => catchUp(run).then(done),
    record: enterPhase('filled'),
    continuedBy: 'rebuild',
    progress: describeProgress,
  },
  /**
   * The generation has all events, so a run only compares. An incorrect generation stays in this phase until a
   * comparison succeeds or the rebuild is given up.
   */
  filled: {
    work: ({ context, session, ...run }) => compareBeforeSwitch(context, session, run),
    record: ({ answering, previous, rebuild: { into, inPlace }, unready: _, ...held }) => ({
      ...held,
      answering: into,
      previous: inPlace ? [] : [...previous, answering],
    }),
    continuedBy: 'rebuild',
    progress: () => 'which is filled',
  },
  /**
   * The rebuild is given up. This is stored before anything is removed, because an incomplete generation must never
   * answer.
   */
  abandoned: {
    work: ({ context, session, ...run }) => removeAbandoned(context, session, run).then(done),
    record: ({ rebuild: _, ...held }) => held,
    continuedBy: 'abandon',
    progress: () => 'which was given up',
  },
};

/** Runs one phase after the other, until none is left or one cannot be completed. */
export const runPhases = async <Event, Document>(
  run: Run<Event, Document>,
): Promise<{ readonly comparison: Comparison; readonly setAside: number }> => {
  const { session } = run;
  for (;;) {
    const { phase } = session.rebuild();
    const { isDone, comparison = notCompared } = await phases[phase].work(run);
    const { setAside } = session.rebuild();
    if (isDone) await session.update((held) => phases[phase].record({ ...held, rebuild: session.rebuild() }));
    if (!isDone || !session.pointer().rebuild) return { comparison, setAside };
  }
};

const fillAndRegister = async <Event, Document>({
  context,
  session,
  partitions,
  snapshot,
}: Run<Event, Document>): Promise<void> => {
  const { projection, log, report } = context;
  const { into, inPlace } = session.rebuild();
  if (inPlace) await hideView(context, session);
  else {
    if (snapshot) await loadSnapshot(context, session, snapshot);
    await replay(context, session, endOffsetsOf(await log.offsets(projection.topic.name)));
  }
  const { answering, previous } = session.pointer();
  // A generation in the secondary store stays registered if the pointer names it. The others are from a time when that
  // store was the primary store.
  const answeringThere = [...previous, answering]
    .filter(({ store }) => store === into.store)
    .map(({ number }) => number);
  const only = inPlace ? [] : into.store === undefined ? undefined : answeringThere;
  if (into.store !== undefined) await preparePointer(context, into, { partitions, isInUse: answeringThere.length > 0 });
  await register(context, into, {
    next: session.rebuild().next,
    partitions,
    only,
    checkOwnership: session.checkOwnership,
  });
  if (inPlace) await deleteGenerations(context, [answering], { snapshot, signal: session.ownershipLost });
  // Records after these end offsets are delivered after the registration, to writers that have read it.
  session.recordProgress({ ends: endOffsetsOf(await log.offsets(projection.topic.name)) });
  report('From now on every change is written into it as well.');
};

/** Waits until no reader answers from the old generation, not even one that was suspended. */
const hideView = async <Event, Document>(
  { report, pointerExpiryMs }: RebuildContext<Event, Document>,
  session: RebuildSession,
) => {
  await session.update((held) => ({ ...held, unready: true }));
  report('The view answers 503 until it is filled again.');
  await sleep(pointerExpiryMs, session.ownershipLost);
};

const catchUp = async <Event, Document>({ context, session, snapshot }: Run<Event, Document>): Promise<void> => {
  const { into, ends } = session.rebuild();
  if (snapshot) await loadSnapshot(context, session, snapshot);
  await replay(context, session, ends);
  await closeGaps(context, into, { next: ends, checkOwnership: session.checkOwnership });
};
