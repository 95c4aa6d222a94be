import { sleep } from '../../runtime/sleep.ts';
import type { Pointer, Rebuild } from '../generations/pointer.ts';
import { type Comparison, notCompared } from './compare.ts';
import { endsOf, type RebuildContext } from './context.ts';
import { loadSnapshot, replay, type Snapshot } from './fill.ts';
import type { Source } from './find-mismatches.ts';
import type { RebuildSession } from './rebuild-session.ts';
import { closeGaps, type Offsets, preparePointer, register } from './registry.ts';
import { deleteGenerations, removeGivenUp } from './remove.ts';
import { compareBeforeSwitch } from './switch.ts';

/** A process at work on a rebuild that is in the ledger. */
export type Run<Event, Document> = {
  readonly context: RebuildContext<Event, Document>;
  readonly ledger: RebuildSession;
  readonly partitions: readonly number[];
  readonly snapshot?: Snapshot<Event> | undefined;
  readonly source?: Source | undefined;
  readonly acceptDifferences?: boolean;
};

/** `isDone`: the phase is over. */
type Result = { readonly isDone: boolean; readonly comparison?: Comparison };

type Phase = {
  /** Done as long as the ledger is in this phase. What an earlier run did of it may be done again: it changes nothing. */
  readonly work: <Event, Document>(run: Run<Event, Document>) => Promise<Result>;
  /** What the ledger says once that is done: the next phase, or a pointer without a rebuild. */
  readonly record: (held: Pointer & { readonly rebuild: Rebuild }) => Pointer;
  /** The command that continues from here, when it finds the ledger in this phase; the other one gives it up or refuses. */
  readonly continuedBy: 'rebuild' | 'abandon';
  /** How far a run that finds the ledger in this phase says that it is. */
  readonly progress: (found: Rebuild) => string;
};

const eventsRead = ({ next, ends, snapshot }: Rebuild) => {
  if (snapshot && !snapshot.isComplete) return `which has the snapshot up to ${snapshot.after ?? 'its beginning'}`;
  const sum = (offsets: Offsets) => Object.values(offsets).reduce((total, offset) => total + offset, 0);
  return `which has ${sum(next)} of ${sum(ends)} events`;
};

const done = () => ({ isDone: true });

const enter =
  (phase: Rebuild['phase']): Phase['record'] =>
  (held) => ({ ...held, rebuild: { ...held.rebuild, phase } });

/** The life of a rebuild. Each phase begins once the ledger in the store says so, so a run that was killed continues there. */
export const phases: Record<Rebuild['phase'], Phase> = {
  /** The live writers do not know the new generation yet: it gets what the log has, and then they are told to write it. */
  replaying: {
    work: (run) => fillAndRegister(run).then(done),
    record: enter('joined'),
    continuedBy: 'rebuild',
    progress: eventsRead,
  },
  /** They keep it up to date. It still lacks what came while they were being told. */
  joined: {
    work: (run) => catchUp(run).then(done),
    record: enter('filled'),
    continuedBy: 'rebuild',
    progress: eventsRead,
  },
  /** It has everything: a run only compares. Where it is not right, it stays in this phase until it is, or is given up. */
  filled: {
    work: ({ context, ledger, ...run }) => compareBeforeSwitch(context, ledger, run),
    record: ({ answering, previous, rebuild: { into, inPlace }, unready: _, ...held }) => ({
      ...held,
      answering: into,
      previous: inPlace ? [] : [...previous, answering],
    }),
    continuedBy: 'rebuild',
    progress: () => 'which is filled',
  },
  /** It is given up. Written before anything is removed, for what may lack a part must never answer. */
  abandoned: {
    work: ({ context, ledger, ...run }) => removeGivenUp(context, ledger, run).then(done),
    record: ({ rebuild: _, ...held }) => held,
    continuedBy: 'abandon',
    progress: () => 'which is given up',
  },
};

/** Does the work of one phase after the other, until none is left or one is not over. */
export const walkPhases = async <Event, Document>(
  run: Run<Event, Document>,
): Promise<{ readonly comparison: Comparison; readonly setAside: number }> => {
  const { ledger } = run;
  for (;;) {
    const { phase } = ledger.rebuild();
    const { isDone, comparison = notCompared } = await phases[phase].work(run);
    const { setAside } = ledger.rebuild();
    if (isDone) await ledger.change((held) => phases[phase].record({ ...held, rebuild: ledger.rebuild() }));
    if (!isDone || !ledger.pointer().rebuild) return { comparison, setAside };
  }
};

const fillAndRegister = async <Event, Document>({
  context,
  ledger,
  partitions,
  snapshot,
}: Run<Event, Document>): Promise<void> => {
  const { projection, log, say } = context;
  const { into, inPlace } = ledger.rebuild();
  if (inPlace) await hide(context, ledger);
  else {
    if (snapshot) await loadSnapshot(context, ledger, snapshot);
    await replay(context, ledger, endsOf(await log.offsets(projection.topic.name)));
  }
  const { answering, previous } = ledger.pointer();
  // Of what another store has, that stays which may answer here; the rest is from a time when it was a home.
  const there = [...previous, answering].filter(({ store }) => store === into.store).map(({ number }) => number);
  const only = inPlace ? [] : into.store === undefined ? undefined : there;
  if (into.store !== undefined) await preparePointer(context, into, { partitions, isInUse: there.length > 0 });
  await register(context, into, { next: ledger.rebuild().next, partitions, only, permit: ledger.confirm });
  if (inPlace) await deleteGenerations(context, [answering], { snapshot, signal: ledger.lost });
  // What comes later than this is delivered later than the registration, to writers that have read it since.
  ledger.note({ ends: endsOf(await log.offsets(projection.topic.name)) });
  say('From now on every change is written into it as well.');
};

/** No reader answers from the old generation any more, not even one that slept. */
const hide = async <Event, Document>(
  { say, readersHoldMs }: RebuildContext<Event, Document>,
  ledger: RebuildSession,
) => {
  await ledger.change((held) => ({ ...held, unready: true }));
  say('The view answers 503 until it is filled again.');
  await sleep(readersHoldMs, ledger.lost);
};

const catchUp = async <Event, Document>({ context, ledger, snapshot }: Run<Event, Document>): Promise<void> => {
  const { into, ends } = ledger.rebuild();
  if (snapshot) await loadSnapshot(context, ledger, snapshot);
  await replay(context, ledger, ends);
  await closeGaps(context, into, { next: ends, permit: ledger.confirm });
};
