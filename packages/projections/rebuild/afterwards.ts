import { setTimeout as delay } from 'node:timers/promises';
import { type Generation, isSame } from '../generations/generation.ts';
import { changePointer, type Pointer, type Rebuild, readPointer } from '../generations/pointer.ts';
import { nameOf, partitionsOf, type RebuildContext } from './context.ts';
import { deleteGenerations } from './delete-generations.ts';
import { leaseReleased, openLedger } from './ledger.ts';
import { unlist } from './listing.ts';
import { untilFree } from './preflight.ts';
import { RebuildRefused } from './rebuild-refused.ts';
import type { Snapshot } from './snapshot.ts';
import { switchTarget } from './switch-target.ts';

/** Lets the latest generation answer of those that did before and have been kept up to date. Answers which one. */
export const switchBack = async <Event, Document>(context: RebuildContext<Event, Document>): Promise<Generation> => {
  const { projection, stores } = context;
  const { answering, previous } = await atRest(context);
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

/**
 * Removes every generation but the one that answers, keys and all; `snapshot` names the keys that the log has forgotten.
 * Answers which.
 */
export const retire = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  snapshot?: Snapshot<Event>,
): Promise<readonly Generation[]> => {
  const { projection, stores, say, readersHoldMs } = context;
  // First of all nobody may switch back to them any more.
  const { retired = [] } = await changePointer(stores(), projection.name, (held) => {
    refuseUnfinished(held);
    return { ...held, previous: [], retired: [...(held.retired ?? []), ...held.previous] };
  });
  if (retired.length === 0) return [];
  say(`Waiting ${readersHoldMs / 1000} s, until nobody can be reading the old any more …`);
  await delay(readersHoldMs);
  const partitions = await partitionsOf(context);
  // Store by store, the home first: one that is away for good leaves nothing of the others behind.
  for (const store of new Set([undefined, ...retired.map((one) => one.store)])) {
    const there = retired.filter((one) => one.store === store);
    const gone = store === undefined ? retired : there;
    await unlist(context, store, gone, { partitions, permit: () => stillRetired(context, gone) });
    await deleteGenerations(context, there, { snapshot });
    await changePointer(stores(), projection.name, (held) => {
      refuseUnfinished(held);
      return { ...held, retired: (held.retired ?? []).filter((one) => !there.some((other) => isSame(one, other))) };
    });
  }
  return retired;
};

/** Once they are no longer named as retired, another has removed them, and what answers since may be where they were. */
const stillRetired = async <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  gone: readonly Generation[],
): Promise<Pointer> => {
  const held = await readPointer(stores(), projection.name);
  refuseUnfinished(held);
  if (gone.every((one) => held.retired?.some((other) => isSame(one, other)))) return held;
  throw new RebuildRefused('Another has retired them meanwhile.');
};

/** Gives up an unfinished rebuild, and removes what it has written; `snapshot` as for `retire`. */
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
  // Written before anything is removed: what may lack a part is never gone on with.
  const taken: Rebuild = { ...rebuild, phase: 'abandoned', holder, leaseUntil: leaseReleased };
  const ledger = await openLedger(stores(), projection.name, { ...pointer, rebuild: taken }, { held: pointer });
  try {
    const partitions = await partitionsOf(context);
    for (const store of new Set([undefined, rebuild.into.store]))
      await unlist(context, store, [rebuild.into], { partitions, permit: ledger.confirm });
    await deleteGenerations(context, [rebuild.into], { snapshot, signal: ledger.lost });
    await ledger.change(({ rebuild: _, ...held }): Pointer => held);
    return rebuild.into;
  } finally {
    await ledger.close();
  }
};

const atRest = async <Event, Document>({ stores, projection }: RebuildContext<Event, Document>): Promise<Pointer> => {
  const pointer = await readPointer(stores(), projection.name);
  refuseUnfinished(pointer);
  return pointer;
};

const refuseUnfinished = ({ rebuild }: Pointer) => {
  if (rebuild)
    throw new RebuildRefused(
      'There is an unfinished rebuild: finish it with npm run rebuild, or give it up with --abandon.',
    );
};
