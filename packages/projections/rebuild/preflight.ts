import { setTimeout as delay } from 'node:timers/promises';
import { observeValue } from '../../runtime/lease.ts';
import type { Generation } from '../generations/generation.ts';
import { type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import type { PartitionRange } from '../log-reader.ts';
import { nameOf, type RebuildContext } from './context.ts';
import { leaseReleased, rebuildLeaseMs } from './ledger.ts';
import { type Offsets, positionsOf } from './listing.ts';
import { RebuildRefused, RebuildUnderWay } from './rebuild-refused.ts';

export type Way = {
  /** The old one is emptied first: for who has no room for two. */
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

/** Looks whether a rebuild can begin, or go on, and changes nothing. @throws RebuildRefused that says why not */
export const preflight = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  way: Way,
): Promise<Findings> => {
  const { projection, log, stores, home } = context;
  const into = way.into === home ? undefined : way.into;
  const ranges = await log.offsets(projection.topic.name);
  await stores().check();
  if (into !== undefined) await stores(into).check();
  const pointer = await readPointer(stores(), projection.name);
  const unfinished = pointer.rebuild;
  if (unfinished) {
    if (unfinished.phase === 'abandoned')
      throw new RebuildRefused(
        `${nameOf(context, unfinished.into)} is given up, and removed in part. Finish that: npm run rebuild -- --abandon`,
      );
    const isFromSnapshot = unfinished.snapshot !== undefined;
    if (
      unfinished.inPlace !== way.inPlace ||
      unfinished.into.store !== into ||
      isFromSnapshot !== (way.isFromSnapshot ?? false)
    )
      throw new RebuildRefused(
        `A rebuild ${describe(unfinished)} is unfinished. Finish it with the options that it was begun with, ` +
          'or give it up with --abandon.',
      );
    if (!isFromSnapshot) await refuseShortLog(context, ranges, way, unfinished);
    else if (unfinished.phase !== 'filled') refuseLostRecords(context, ranges, unfinished.next);
    return { pointer, ranges, into: unfinished.into, unfinished };
  }
  if (!way.isFromSnapshot) await refuseShortLog(context, ranges, way);
  const retired = (pointer.retired ?? []).filter(({ store }) => store === into);
  if (retired.length > 0)
    throw new RebuildRefused(
      `${retired.map((one) => nameOf(context, one)).join(' and ')} is being removed. Wait for that, or finish it: ` +
        'npm run rebuild -- --retire',
    );
  if (way.inPlace) refuseInPlace(context, pointer, into);
  const target = into === undefined ? pointer : await readPointer(stores(into), projection.name);
  const number = Math.max(pointer.lastNumber, target.lastNumber) + 1;
  return { pointer, ranges, into: { number, ...(into !== undefined && { store: into }) } };
};

const refuseShortLog = async <Event, Document>(
  { projection }: RebuildContext<Event, Document>,
  ranges: readonly PartitionRange[],
  { shortLogRemedy }: Way,
  unfinished?: Rebuild,
): Promise<void> => {
  const short = ranges.find(({ begin }) => begin > 0);
  if (!short) return;
  // What is unfinished in place cannot be given up, so nothing else can begin.
  const remedy = unfinished?.inPlace ? undefined : await shortLogRemedy?.();
  const first = unfinished ? ' Give up what is unfinished: npm run rebuild -- --abandon.' : '';
  throw new RebuildRefused(
    `Partition ${short.partition} of ${projection.topic.name} begins at offset ${short.begin}: the log no longer ` +
      `reaches back to its beginning, so no view can be built from it alone.${remedy ? `${first} ${remedy}` : ''}`,
  );
};

/** @throws RebuildRefused when the log no longer holds everything from these offsets on */
export const refuseLostRecords = <Event, Document>(
  { projection }: RebuildContext<Event, Document>,
  ranges: readonly PartitionRange[],
  next: Offsets,
): void => {
  for (const { partition, begin, end } of ranges) {
    const from = next[partition] ?? 0;
    if (begin <= from && from <= end) continue;
    const change = begin > from ? `begins at offset ${begin} by now` : `ends at offset ${end}, so it was recreated`;
    throw new RebuildRefused(
      `Partition ${partition} of ${projection.topic.name} ${change}, and what came from offset ${from} on is not in the new ` +
        'view. Give it up with npm run rebuild -- --abandon, and begin anew.',
    );
  }
};

/** What no log holds any more is in the live view alone, and keys that only that has are compared with nothing. */
export const refuseLostEvents = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  live: Generation,
  ranges: readonly PartitionRange[],
) => {
  const positions = await positionsOf(
    context,
    live,
    ranges.map(({ partition }) => partition),
  );
  for (const [partition, position] of positions)
    if (position?.lost)
      throw new RebuildRefused(
        `The log does not hold all that ${nameOf(context, live)} was filled from (partition ${partition}: ${position.lost}), so ` +
          'it cannot be rebuilt from the log alone: npm run rebuild -- --from-crm.',
      );
};

const refuseInPlace = <Event, Document>(
  context: RebuildContext<Event, Document>,
  { answering, previous, retired = [] }: Pointer,
  into: string | undefined,
) => {
  if (into !== undefined) throw new RebuildRefused('In place is where the view is now: without --into.');
  if (answering.store !== undefined)
    throw new RebuildRefused(
      `What answers is ${nameOf(context, answering)}, not in ${context.home}: set STATESTORE_NAME=${answering.store}.`,
    );
  const old = [...previous, ...retired];
  if (old.length > 0)
    throw new RebuildRefused(
      `There is still ${old.map((one) => nameOf(context, one)).join(' and ')}. Retire what is old first: npm run rebuild -- --retire`,
    );
};

const describe = ({ inPlace, into, snapshot }: Rebuild) => {
  const where = inPlace ? 'in place' : into.store === undefined ? 'beside the live view' : `into ${into.store}`;
  return snapshot ? `${where} (--from-crm)` : where;
};

type LeaseContext = Pick<RebuildContext<never, never>, 'stores' | 'say' | 'observeLease'> & {
  readonly projection: { readonly name: string };
};

/**
 * The pointer once no other rebuild holds it. A rebuild that was killed has a lease that is not renewed: we observe that
 * for the lease's duration by our own clock, whatever time it was for the other.
 * @throws RebuildRefused when the other is alive
 */
export const untilFree = async ({
  projection,
  stores,
  say,
  observeLease = () => observeValue(rebuildLeaseMs),
}: LeaseContext): Promise<Pointer> => {
  const lease = observeLease();
  for (let first: string | undefined; ; ) {
    const pointer = await readPointer(stores(), projection.name);
    const { rebuild } = pointer;
    if (!rebuild || rebuild.leaseUntil === leaseReleased) return pointer;
    const value = `${rebuild.holder} ${rebuild.leaseUntil}`;
    if (lease.isUnchanged(value)) return pointer;
    if (!first) say(`A rebuild by ${rebuild.holder} has not given its lease back; waiting whether it renews it …`);
    first ??= value;
    if (value !== first)
      throw new RebuildUnderWay(`A rebuild by ${rebuild.holder} is under way. Wait for it, or stop it and run again.`);
    await delay(250);
  }
};
