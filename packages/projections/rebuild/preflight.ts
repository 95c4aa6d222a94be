import type { Generation } from '../generations/generation.ts';
import { type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import type { PartitionRange } from '../log-reader.ts';
import { nameOf, type RebuildContext, RebuildRefused } from './context.ts';
import { lostRecords } from './fill.ts';
import { phases } from './phases.ts';
import { readCheckpointsOf } from './registry.ts';

export type RebuildMode = {
  /** The old one is emptied first: for a store that has no room for two. */
  readonly inPlace: boolean;
  /** Another store than the one that answers now. */
  readonly into?: string | undefined;
  /** It begins with a snapshot, so it needs of the log only what comes after that. */
  readonly isFromSnapshot?: boolean;
  /** Finds out what to do where the log no longer reaches back; undefined where nothing can be done. Asked only then. */
  readonly shortLogRemedy?: (() => Promise<string | undefined>) | undefined;
};

export type Findings = {
  readonly pointer: Pointer;
  /** By partition, in order. */
  readonly ranges: readonly PartitionRange[];
  /** What is filled, or would be. */
  readonly into: Generation;
  readonly unfinished?: Rebuild;
};

/** Looks whether a rebuild can begin or continue, and changes nothing. @throws RebuildRefused that says why not */
export const preflight = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  mode: RebuildMode,
): Promise<Findings> => {
  const { projection, log, stores, home } = context;
  const into = mode.into === home ? undefined : mode.into;
  const ranges = await log.offsets(projection.topic.name);
  await stores().check();
  if (into !== undefined) await stores(into).check();
  const pointer = await readPointer(stores(), projection.name);
  const refusal = await refusalOf({ mode, into, pointer, ranges, home, topic: projection.topic.name });
  if (refusal !== undefined) throw new RebuildRefused(refusal);
  const unfinished = pointer.rebuild;
  if (unfinished) return { pointer, ranges, into: unfinished.into, unfinished };
  const target = into === undefined ? pointer : await readPointer(stores(into), projection.name);
  const number = Math.max(pointer.lastNumber, target.lastNumber) + 1;
  return { pointer, ranges, into: { number, ...(into !== undefined && { store: into }) } };
};

/** What decides whether a rebuild can begin or continue. */
export type Facts = Pick<Findings, 'pointer' | 'ranges'> & {
  readonly mode: RebuildMode;
  /** The store to fill, undefined for the home. */
  readonly into: string | undefined;
  /** What the home store is called. */
  readonly home: string;
  readonly topic: string;
};

/** Why not; nothing where the row does not apply. */
type Refuse = (facts: Facts) => string | false | undefined | Promise<string | undefined>;

/** The first row that has something to say refuses. */
export const refusals = {
  'it is given up, and removed in part': ({ pointer: { rebuild }, home }) =>
    rebuild &&
    phases[rebuild.phase].continuedBy === 'abandon' &&
    `${nameOf({ home }, rebuild.into)} is given up, and removed in part. Finish that: npm run rebuild -- --abandon`,

  'another is unfinished': ({ pointer: { rebuild }, into, mode }) =>
    rebuild &&
    !(
      rebuild.inPlace === mode.inPlace &&
      rebuild.into.store === into &&
      (rebuild.snapshot !== undefined) === (mode.isFromSnapshot ?? false)
    ) &&
    `A rebuild ${describe(rebuild)} is unfinished. Finish it with the options that it was begun with, ` +
      'or give it up with --abandon.',

  'the log does not reach back to its beginning': async ({ pointer: { rebuild }, mode, ranges, topic }) => {
    const short = ranges.find(({ begin }) => begin > 0);
    if (mode.isFromSnapshot || !short) return undefined;
    // What is unfinished in place cannot be given up, so nothing else can begin.
    const remedy = rebuild?.inPlace ? undefined : await mode.shortLogRemedy?.();
    const first = rebuild ? ' Give up what is unfinished: npm run rebuild -- --abandon.' : '';
    return (
      `Partition ${short.partition} of ${topic} begins at offset ${short.begin}: the log no longer reaches back to its ` +
      `beginning, so no view can be built from it alone.${remedy ? `${first} ${remedy}` : ''}`
    );
  },

  'the log lost records behind the snapshot': ({ pointer: { rebuild }, ranges, topic }) =>
    rebuild?.snapshot && rebuild.phase !== 'filled' ? lostRecords(topic, ranges, rebuild.next) : undefined,

  'what was there is being removed': ({ pointer: { rebuild, retired = [] }, into, home }) => {
    const there = retired.filter(({ store }) => store === into);
    if (rebuild || there.length === 0) return undefined;
    return `${namesOf({ home }, there)} is being removed. Wait for that, or finish it: npm run rebuild -- --retire`;
  },

  'in place goes into no other store': ({ pointer: { rebuild }, mode, into }) =>
    !rebuild && mode.inPlace && into !== undefined && 'In place is where the view is now: without --into.',

  'in place the home has to answer': ({ pointer: { rebuild, answering }, mode, home }) =>
    !rebuild &&
    mode.inPlace &&
    answering.store !== undefined &&
    `What answers is ${nameOf({ home }, answering)}, not in ${home}: set STATESTORE_NAME=${answering.store}.`,

  'in place nothing older is kept': ({ pointer: { rebuild, previous, retired = [] }, mode, home }) => {
    const old = [...previous, ...retired];
    if (rebuild || !mode.inPlace || old.length === 0) return undefined;
    return `There is still ${namesOf({ home }, old)}. Retire what is old first: npm run rebuild -- --retire`;
  },
} satisfies Record<string, Refuse>;

/** What the first row says that applies; undefined where a rebuild can begin or continue. */
export const refusalOf = async (facts: Facts): Promise<string | undefined> => {
  for (const refuse of Object.values<Refuse>(refusals)) {
    const refusal = await refuse(facts);
    if (refusal) return refusal;
  }
  return undefined;
};

const namesOf = (context: { home: string }, generations: readonly Generation[]) =>
  generations.map((one) => nameOf(context, one)).join(' and ');

const describe = ({ inPlace, into, snapshot }: Rebuild) => {
  const where = inPlace ? 'in place' : into.store === undefined ? 'beside the live view' : `into ${into.store}`;
  return snapshot ? `${where} (--from-crm)` : where;
};

/** What no log holds any more is in the live view alone, and keys that only that has are compared with nothing. */
export const refuseLostEvents = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  live: Generation,
  ranges: readonly PartitionRange[],
): Promise<void> => {
  const partitions = ranges.map(({ partition }) => partition);
  for (const [partition, position] of await readCheckpointsOf(context, live, partitions))
    if (position?.lost)
      throw new RebuildRefused(
        `The log does not hold all that ${nameOf(context, live)} was filled from (partition ${partition}: ${position.lost}), so ` +
          'it cannot be rebuilt from the log alone: npm run rebuild -- --from-crm.',
      );
};
